"""Knows how an AuthenticationConfiguration is read, with every mistake in it, or made of flags."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kspec.elaborate.cel import elaborate_cel
from kspec.ir.types import DYN, TypeTable
from kspec.resources.yaml import Document
from kspec.runtime.rulebook import Rulebook
from kspec.source import Diagnostic, DiagnosticError, SourceFile, has_errors
from kspec.verify.access.configuration import BAD_CONFIGURATION, call, decoded_file

KIND, RECORD = "AuthenticationConfiguration", "access.AuthenticationConfiguration"
OIDC = ("issuer-url", "client-id", "username-claim", "username-prefix", "groups-claim", "groups-prefix")
"""The flags `--oidc-…` that have one value, in the order in which the rule takes them."""

Flags = Mapping[str, Sequence[str]]
Place = tuple[str | int, ...]


def read_authentication(file: SourceFile, table: TypeTable, book: Rulebook) -> dict[str, Any]:
    """An AuthenticationConfiguration. Raises every mistake in it."""
    document, decoded, found = decoded_file(file, KIND, RECORD, table)
    if not has_errors(found):
        for mistake in call(book, "access/authenticationMistakes", decoded):
            path = tuple(int(p) if p.isdigit() else p for p in mistake["path"].split("."))
            found.append(_mistake(document, path, mistake["message"]))
        found += _uncompiled(document, decoded)
    if has_errors(found):
        raise DiagnosticError(found)
    return decoded


def of_flags(flags: Flags, book: Rulebook) -> dict[str, Any]:
    """What the flags `--oidc-…` and `--anonymous-auth` configure."""
    said = [last(flags, f"oidc-{name}") for name in OIDC]
    pairs = [p.partition("=") for text in flags.get("oidc-required-claim", ()) for p in text.split(",")]
    required = {name: value for name, _, value in pairs if name}
    made: dict[str, Any] = {"jwt": call(book, "access/issuerOfFlags", *said, required)}
    if last(flags, "anonymous-auth").lower() in ("false", "f", "0"):
        made["anonymous"] = {"enabled": False}
    return made


def last(flags: Flags, name: str) -> str:
    """The value of a flag that counts: that of its last use; "" where it is not used."""
    return (flags.get(name) or ("",))[-1]


def _uncompiled(document: Document, decoded: Mapping[str, Any]) -> Iterator[Diagnostic]:
    """The expressions that are none."""
    for path, text, variable in _expressions(decoded):
        try:
            elaborate_cel(text, "<expression>", {variable: DYN})
        except DiagnosticError as error:
            yield _mistake(document, path, f"the expression does not compile: {error.diagnostics[0].message}")


def _expressions(decoded: Mapping[str, Any]) -> Iterator[tuple[Place, str, str]]:
    """Each expression: where it stands, its text, and the variable that it is about."""
    for i, issuer in enumerate(decoded.get("jwt") or ()):
        at: Place = ("jwt", i)
        mappings = issuer.get("claimMappings") or {}
        for name in ("username", "groups", "uid"):
            text = (mappings.get(name) or {}).get("expression")
            if text:
                yield (*at, "claimMappings", name, "expression"), text, "claims"
        for n, one in enumerate(mappings.get("extra") or ()):
            if one.get("valueExpression"):
                yield (*at, "claimMappings", "extra", n, "valueExpression"), one["valueExpression"], "claims"
        for rules, variable in (("claimValidationRules", "claims"), ("userValidationRules", "user")):
            for n, one in enumerate(issuer.get(rules) or ()):
                if one.get("expression"):
                    yield (*at, rules, n, "expression"), one["expression"], variable


def _mistake(document: Document, path: Place, message: str) -> Diagnostic:
    return Diagnostic(BAD_CONFIGURATION, message, document.locate(path), path=path)
