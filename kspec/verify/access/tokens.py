"""Knows whom the claims of a token mean: by an AuthenticationConfiguration, or as a service account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kspec.elaborate.cel import elaborate_cel
from kspec.ir.evaluate import evaluate
from kspec.ir.types import DYN
from kspec.runtime.rulebook import Rulebook
from kspec.runtime.values import EvalError

Json = Mapping[str, Any]

ACCOUNT_CLAIM, LEGACY_CLAIM = "kubernetes.io", "kubernetes.io/serviceaccount/namespace"
"""A token of a service account has one of them."""


class RefusedError(Exception):
    """The token is not taken: the API server answers 401."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ElsewhereError(Exception):
    """A claim is not in the token: it says where the API server would ask for it."""

    def __init__(self, claim: str) -> None:
        super().__init__(claim)
        self.claim = claim


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whom a token means. `node`: the node that it is bound to, "" for none; `assumed`: what had to be."""

    user: str
    groups: tuple[str, ...]
    uid: str = ""
    extra: Mapping[str, list[str]] = field(default_factory=dict)
    node: str = ""
    assumed: tuple[str, ...] = ()

    @property
    def identity(self) -> dict[str, Any]:
        more = {"uid": self.uid, "extra": dict(self.extra)}
        return {"user": self.user, "groups": list(self.groups), **more}


def bearer_of(configuration: Json, claims: Json, book: Rulebook) -> Bearer:
    """Whom these claims mean. Raises `RefusedError` if nobody takes them."""
    issuer = str(claims.get("iss") or "")
    said = claims.get("aud")
    audiences = [said] if isinstance(said, str) else said if isinstance(said, list) else []
    for authenticator in configuration.get("jwt") or ():
        if _function(book, "access/takesIssuer")(authenticator, issuer):
            if not _function(book, "access/takesAudience")(authenticator, audiences):
                raise RefusedError(f"issuer `{issuer}` is not taken for the audiences {audiences}")
            return _bearer(authenticator, claims, book)
    account = _function(book, "access/serviceAccountOf")(str(claims.get("sub") or ""))
    if account["name"] and (ACCOUNT_CLAIM in claims or LEGACY_CLAIM in claims):
        return _account(account, claims, book)
    raise RefusedError(f"no issuer `{issuer}` is configured")


def _account(account: Json, claims: Json, book: Rulebook) -> Bearer:
    """The token of a service account, which the cluster itself has issued."""
    who = _function(book, "access/serviceAccountIdentity")(account["namespace"], account["name"])
    own = claims.get(ACCOUNT_CLAIM)
    bound = own if isinstance(own, dict) else {}
    extra = _function(book, "access/accountExtra")(_named(bound), str(claims.get("jti") or ""))
    node = extra.get(_function(book, "access/nodeField")()) or [""]
    uid = _named(bound).get("serviceaccount", {}).get("uid", "")
    assumed = "the cluster itself has issued the token, and neither it nor what it is bound to is gone"
    return Bearer(who["user"], tuple(who["groups"]), uid, extra, node[0], (assumed,))


def _named(bound: Json) -> dict[str, Any]:
    """The objects that a token is bound to, each with both its fields."""
    parts = {k: bound.get(k) for k in ("serviceaccount", "pod", "node")}
    return {
        "namespace": str(bound.get("namespace") or ""),
        **{
            k: {"name": str(v.get("name") or ""), "uid": str(v.get("uid") or "")}
            for k, v in parts.items()
            if isinstance(v, dict)
        },
    }


def _bearer(authenticator: Json, claims: Json, book: Rulebook) -> Bearer:
    mappings = authenticator.get("claimMappings") or {}
    username = _text(mappings.get("username") or {}, claims, "username")
    verified = _function(book, "access/verifiedBy")(mappings)
    if verified and verified in claims and claims[verified] is not True:
        raise RefusedError("the email is not verified")
    groups = _groups(mappings.get("groups") or {}, claims)
    who = _function(book, "access/tokenIdentity")(mappings, username, groups)
    uid = _text(mappings["uid"], claims, "uid") if mappings.get("uid") else ""
    extra = dict(_extra(mappings, claims))
    for rule in authenticator.get("claimValidationRules") or ():
        _validate(rule, claims)
    user = {"username": who["user"], "groups": who["groups"], "uid": uid, "extra": extra}
    for rule in authenticator.get("userValidationRules") or ():
        _demand(rule, _value(str(rule.get("expression")), {"user": user}))
    known = _function(book, "access/authenticated")(who)
    return Bearer(known["user"], tuple(known["groups"]), uid, extra)


def _text(mapping: Json, claims: Json, what: str) -> str:
    """A user name or uid: a text that is there, though it may be empty."""
    said = _said(mapping, claims)
    if not isinstance(said, str):
        where = f"the claim `{mapping.get('claim')}`" if mapping.get("claim") else "the expression"
        raise RefusedError(f"{where} for the {what} is no text")
    return said


def _groups(mapping: Json, claims: Json) -> list[str]:
    claim = str(mapping.get("claim") or "")
    if claim and claim not in claims:
        names = claims.get("_claim_names")
        if isinstance(names, dict) and claim in names:
            raise ElsewhereError(claim)
        return []
    return _texts(_said(mapping, claims), "groups") if mapping else []


def _extra(mappings: Json, claims: Json) -> Iterator[tuple[str, list[str]]]:
    """The further fields, but for those that come out empty."""
    for one in mappings.get("extra") or ():
        said = _texts(_value(str(one.get("valueExpression")), {"claims": dict(claims)}), str(one.get("key")))
        values = [v for v in said if v]
        if values:
            yield str(one.get("key")), values


def _texts(said: object, what: str) -> list[str]:
    """A text counts as a list of one, null as none."""
    listed = [] if said is None else [said] if isinstance(said, str) else said
    if not isinstance(listed, list | tuple) or not all(isinstance(g, str) for g in listed):
        raise RefusedError(f"what the claims say of {what} is no list of texts")
    return [str(g) for g in listed]


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
