"""Knows how `--claims` and `--authentication-config` say who asks, and whether they are taken at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kspec.cli.bindings import read_file
from kspec.source import Diagnostic, DiagnosticError

if TYPE_CHECKING:
    from kspec.cli.policy import Access
    from kspec.verify.access.policy import Policy

NO_CLAIMS = "KS4006"
NOBODY: dict[str, Any] = {"user": "", "groups": []}


@dataclass(frozen=True, slots=True)
class Authentication:
    """`bearer` is whom the claims of a token mean, None without claims; `refused` says why that is nobody."""

    configuration: dict[str, Any] | None = None
    bearer: dict[str, Any] | None = None
    refused: str = ""

    def why_refused(self, policy: Policy, request: dict[str, Any]) -> str:
        """Why the API server answers 401 before anything is authorized; "" if it does not."""
        if self.refused or self.configuration is None:
            return self.refused
        anonymous = self.configuration.get("anonymous")
        if anonymous is None or request["user"] != policy.rule("access/anonymous")()["user"]:
            return ""
        taken = policy.rule("access/anonymousTaken")(anonymous, str(request.get("path") or ""))
        return "" if taken else "requests without credentials are not taken here"


def authentication(access: Access, claims: str | None, configuration: str | None) -> Authentication:
    """What the two options say; claims mean nothing without a configuration."""
    from kspec.cli.files import read_source
    from kspec.verify.access.configuration import read_authentication
    from kspec.verify.access.tokens import RefusedError, identity_of_token

    read = None
    if configuration is not None:
        read = read_authentication(read_source(configuration), access.table)
    if claims is None:
        return Authentication(read)
    said = read_file(claims)
    if read is None or not isinstance(said, dict):
        help_ = "give the claims as one JSON object, and --authentication-config"
        raise DiagnosticError([Diagnostic(NO_CLAIMS, "it is not known what the claims mean", help=help_)])
    try:
        return Authentication(read, identity_of_token(read, said, access.policy.book))
    except RefusedError as error:
        return Authentication(read, NOBODY, error.reason)
