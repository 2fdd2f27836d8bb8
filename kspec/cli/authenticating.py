"""Knows how `--claims`, `--authentication-config` and a server's flags say who asks, or refuse them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kspec.cli.bindings import read_file
from kspec.source import Diagnostic, DiagnosticError

if TYPE_CHECKING:
    from kspec.cli.policy import Access
    from kspec.verify.access.policy import Policy
    from kspec.verify.access.tokens import Bearer

NO_CLAIMS, ELSEWHERE = "KS4006", "KS4009"
NOBODY: dict[str, Any] = {"user": "", "groups": []}


@dataclass(frozen=True, slots=True)
class Authentication:
    """`bearer` is whom the claims of a token mean, None without claims; `refused` says why that is nobody."""

    configuration: dict[str, Any] | None = None
    bearer: Bearer | None = None
    refused: str = ""

    @property
    def who(self) -> dict[str, Any] | None:
        """Whom the claims mean: nobody if they were refused, None if there are none."""
        return NOBODY if self.refused else self.bearer.identity if self.bearer else None

    @property
    def node(self) -> str:
        """The node that the token is bound to; "" for none."""
        return self.bearer.node if self.bearer else ""

    @property
    def assumed(self) -> tuple[str, ...]:
        return self.bearer.assumed if self.bearer else ()

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
    """What the options say. Claims of others than service accounts mean nothing without a configuration."""
    from kspec.verify.access.tokens import ElsewhereError, RefusedError, bearer_of

    read = _configuration(access, configuration)
    if claims is None:
        return Authentication(read)
    said = read_file(claims)
    if not isinstance(said, dict):
        raise DiagnosticError([_unclear("the claims are no JSON object")])
    try:
        return Authentication(read, bearer_of(read or {}, said, access.policy.book))
    except RefusedError as error:
        if read is None:
            raise DiagnosticError([_unclear("it is not known what the claims mean")]) from error
        return Authentication(read, None, error.reason)
    except ElsewhereError as error:
        message = f"the claim `{error.claim}` is not in the token, but kept where its `_claim_sources` say"
        raise DiagnosticError(
            [Diagnostic(ELSEWHERE, message, help="put it among the claims, as the issuer gives it")]
        ) from error


def _configuration(access: Access, path: str | None) -> dict[str, Any] | None:
    from kspec.cli.files import read_source
    from kspec.verify.access.authentication import of_flags, read_authentication

    named = path or (access.server.file("authentication-config") if access.server else None)
    if named is not None:
        return read_authentication(read_source(named), access.table, access.policy.book)
    return of_flags(access.server.flags, access.policy.book) if access.server else None


def _unclear(message: str) -> Diagnostic:
    help_ = "give the claims as one JSON object, and --authentication-config, or --apiserver with its flags"
    return Diagnostic(NO_CLAIMS, message, help=help_)
