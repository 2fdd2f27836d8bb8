"""Knows how the API server's own configuration becomes a chain of authorizers: its flags, an
AuthorizationConfiguration, a file of ABAC policies.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kspec.ir.types import Record, TypeTable
from kspec.resources.decode import decode
from kspec.resources.yaml import Document, load_yaml
from kspec.runtime.rulebook import Rulebook
from kspec.source import Diagnostic, DiagnosticError, SourceFile, Span, has_errors

BAD_AUTHORIZER, BAD_CONFIGURATION, BAD_POLICY = "KS4001", "KS4002", "KS4003"
GROUP, KIND = "apiserver.config.k8s.io", "AuthorizationConfiguration"
RECORD, POLICY = "access.AuthorizationConfiguration", "access.AbacPolicy"
REVIEW = "access.SubjectAccessReviewSpec"
ABAC_LINE = 'such as {"apiVersion": "abac.authorization.kubernetes.io/v1beta1", "kind": "Policy", "spec": {}}'
Authorizer = dict[str, Any]


def chain_of_modes(modes: str, book: Rulebook, policies: Sequence[Mapping[str, Any]]) -> list[Authorizer]:
    """The chain that `--authorization-mode=Node,RBAC` makes. A webhook has no name there."""
    known = call(book, "access/authorizerTypes")
    chain: list[Authorizer] = []
    for mode in modes.split(","):
        if mode not in known:
            raise DiagnosticError([_no_mode(mode, known)])
        chain.append(_authorizer(mode, "", policies))
    return chain


def _authorizer(kind: str, name: str, policies: Sequence[Mapping[str, Any]]) -> Authorizer:
    made: Authorizer = {"type": kind, "name": name}
    return {**made, "policies": list(policies)} if kind == "ABAC" else made


def _no_mode(mode: str, known: Sequence[str]) -> Diagnostic:
    from difflib import get_close_matches

    near = [k for k in known if k.lower() == mode.lower()] or get_close_matches(mode, known, n=1)
    help_ = f"did you mean `{near[0]}`?" if near else f"known are {', '.join(known)}"
    return Diagnostic(BAD_AUTHORIZER, f"there is no authorizer `{mode}`", help=help_)


def read_configuration(
    file: SourceFile, table: TypeTable, book: Rulebook, policies: Sequence[Mapping[str, Any]]
) -> list[Authorizer]:
    """The chain that an AuthorizationConfiguration states. Raises every mistake in it."""
    document, decoded, found = decoded_file(file, KIND, RECORD, table)
    if not has_errors(found):
        for finding in call(book, "access/configurationMistakes", decoded):
            path = ("authorizers", finding["index"])
            span = document.locate(path)
            found.append(Diagnostic(BAD_CONFIGURATION, finding["message"], span, path=path))
        found += _uncompiled(document, decoded, table)
    if has_errors(found):
        raise DiagnosticError(found)
    return [_configured(a, policies) for a in decoded.get("authorizers") or ()]


def _uncompiled(document: Document, decoded: Mapping[str, Any], table: TypeTable) -> Iterator[Diagnostic]:
    """The match conditions that are no expressions about a SubjectAccessReview."""
    from kspec.elaborate.cel import elaborate_cel

    for i, one in enumerate(decoded.get("authorizers") or ()):
        for n, condition in enumerate((one.get("webhook") or {}).get("matchConditions") or ()):
            path = ("authorizers", i, "webhook", "matchConditions", n, "expression")
            text = condition.get("expression") or ""
            try:
                elaborate_cel(text, "<expression>", {"request": Record(REVIEW)}, table)
            except DiagnosticError as error:
                message = f"the expression does not compile: {error.diagnostics[0].message}"
                yield Diagnostic(BAD_CONFIGURATION, message, document.locate(path), path=path)


def decoded_file(
    file: SourceFile, kind: str, record: str, table: TypeTable
) -> tuple[Document, dict[str, Any], list[Diagnostic]]:
    """The one object of a file of the API server's own, and the mistakes in it."""
    documents, mistakes = load_yaml(file)
    if has_errors(mistakes):
        raise DiagnosticError(mistakes)
    if len(documents) != 1 or not isinstance(documents[0].value, dict):
        raise DiagnosticError([_mistake(file, f"the file holds no {kind}")])
    document, value = documents[0], documents[0].value
    if value.get("kind") != kind or str(value.get("apiVersion", "")).partition("/")[0] != GROUP:
        message = f"this is no {kind} of `{GROUP}`"
        help_ = f"it begins with `apiVersion: {GROUP}/v1` and `kind: {kind}`"
        raise DiagnosticError([Diagnostic(BAD_CONFIGURATION, message, document.locate(()), help=help_)])
    decoded, found = decode(value, Record(record), table, document)
    return document, decoded, found


def _configured(one: Mapping[str, Any], policies: Sequence[Mapping[str, Any]]) -> Authorizer:
    made = _authorizer(str(one.get("type")), str(one.get("name") or ""), policies)
    webhook = one.get("webhook") or {}
    if webhook:
        made["failurePolicy"] = webhook.get("failurePolicy") or ""
        made["expressions"] = [c.get("expression") or "" for c in webhook.get("matchConditions") or ()]
    return made


def read_policies(file: SourceFile, table: TypeTable, book: Rulebook) -> list[dict[str, Any]]:
    """The lines of an ABAC file, as they count once it is loaded."""
    found: list[dict[str, Any]] = []
    mistakes: list[Diagnostic] = []
    start = 0
    for line in file.text.splitlines(keepends=True):
        text = line.strip()
        span = Span(file, start, start + len(line.rstrip("\n")))
        start += len(line)
        if not text or text.startswith("#"):
            continue
        try:
            found.append(_policy(json.loads(text), table, book))
        except (ValueError, RecursionError, DiagnosticError) as error:
            told = error.diagnostics[0].message if isinstance(error, DiagnosticError) else str(error)
            mistakes.append(Diagnostic(BAD_POLICY, f"this line is no policy: {told}", span, help=ABAC_LINE))
    if mistakes:
        raise DiagnosticError(mistakes[:20])
    return found


def _policy(raw: object, table: TypeTable, book: Rulebook) -> dict[str, Any]:
    """A line. Without a version it is of the oldest form, whose fields stand at the top."""
    if not isinstance(raw, dict):
        raise ValueError("it is not an object")
    versioned = "apiVersion" in raw
    body = raw.get("spec") or {} if versioned else raw
    value, mistakes = decode(body, Record(POLICY), table, strict=False)
    if has_errors(mistakes):
        raise DiagnosticError(mistakes)
    loaded = call(book, "access/abacLoaded" if versioned else "access/abacFromV0", value)
    return dict(loaded)


def call(book: Rulebook, rule_id: str, *args: object) -> Any:
    rule = book.get(rule_id)
    assert rule is not None, rule_id
    return rule.fn(*args)


def _mistake(file: SourceFile, message: str) -> Diagnostic:
    return Diagnostic(BAD_CONFIGURATION, message, Span(file, 0, 0))
