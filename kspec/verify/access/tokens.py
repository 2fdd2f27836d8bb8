"""Knows whom the claims of a token mean, by an AuthenticationConfiguration, or why nobody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kspec.elaborate.cel import elaborate_cel
from kspec.ir.evaluate import evaluate
from kspec.ir.types import DYN
from kspec.runtime.rulebook import Rulebook
from kspec.runtime.values import EvalError

Json = Mapping[str, Any]


class RefusedError(Exception):
    """The token is not taken: the API server answers 401."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def identity_of_token(configuration: Json, claims: Json, book: Rulebook) -> dict[str, Any]:
    """The user and groups that these claims mean. Raises `RefusedError` if none of the issuers takes them."""
    takes = _function(book, "access/takesToken")
    said = claims.get("aud")
    audiences = [said] if isinstance(said, str) else list(said or ())
    for authenticator in configuration.get("jwt") or ():
        if takes(authenticator, str(claims.get("iss") or ""), audiences):
            return _identity(authenticator, claims, book)
    raise RefusedError(f"no issuer `{claims.get('iss')}` for the audiences {audiences} is configured")


def _identity(authenticator: Json, claims: Json, book: Rulebook) -> dict[str, Any]:
    for rule in authenticator.get("claimValidationRules") or ():
        _validate(rule, claims)
    mappings = authenticator.get("claimMappings") or {}
    username = _said(mappings.get("username") or {}, claims)
    if not isinstance(username, str) or not username:
        raise RefusedError("the claims say no user name")
    if (mappings.get("username") or {}).get("claim") == "email" and claims.get("email_verified") is False:
        raise RefusedError("the email is not verified")
    groups = _said(mappings.get("groups") or {}, claims)
    listed = [groups] if isinstance(groups, str) else groups or []
    if not isinstance(listed, list) or not all(isinstance(g, str) for g in listed):
        raise RefusedError("the claim of groups is no list of texts")
    who: dict[str, Any] = _function(book, "access/tokenIdentity")(mappings, username, listed)
    user = {"username": who["user"], "groups": who["groups"], "uid": "", "extra": {}}
    for rule in authenticator.get("userValidationRules") or ():
        _demand(rule, _value(str(rule.get("expression")), {"user": user}))
    return who


def _validate(rule: Json, claims: Json) -> None:
    if rule.get("expression"):
        _demand(rule, _value(str(rule["expression"]), {"claims": dict(claims)}))
    elif claims.get(str(rule.get("claim"))) != rule.get("requiredValue", ""):
        raise RefusedError(f"the claim `{rule.get('claim')}` is not `{rule.get('requiredValue', '')}`")


def _demand(rule: Json, value: object) -> None:
    if value is not True:
        raise RefusedError(str(rule.get("message") or f"`{rule.get('expression')}` does not hold"))


def _said(mapping: Json, claims: Json) -> object:
    """What a mapping takes from the claims."""
    if mapping.get("expression"):
        return _value(str(mapping["expression"]), {"claims": dict(claims)})
    return claims.get(str(mapping.get("claim") or ""))


def _value(text: str, variables: dict[str, object]) -> object:
    try:
        return evaluate(elaborate_cel(text, f"<{text}>", dict.fromkeys(variables, DYN)), variables)
    except EvalError as error:
        raise RefusedError(f"`{text}` cannot be evaluated: {error.message}") from error


def _function(book: Rulebook, rule_id: str) -> Any:
    rule = book.get(rule_id)
    assert rule is not None, rule_id
    return rule.fn
