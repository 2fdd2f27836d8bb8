"""Knows how people name who asks and what is asked: `sa:shop/web`, `deployments.apps/scale`, `/healthz`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from kspec.ir.types import Kind, TypeTable
from kspec.runtime.values import EvalError
from kspec.source import Diagnostic, DiagnosticError
from kspec.verify.access.policy import Policy, Request

VERSION = re.compile(r"v[0-9]+((alpha|beta)[0-9]+)?")
SOMEONE = "someone"
NOBODY = "KS4011"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for, whoever asks: a resource, or a path. `namespaced` is None where it is not known."""

    path: str = ""
    api_group: str = ""
    resource: str = ""
    subresource: str = ""
    namespaced: bool | None = None
    notes: tuple[str, ...] = ()
    version: str = ""  # "" where it is not known

    def __str__(self) -> str:
        return self.path or show_resource(self.api_group, self.resource, self.subresource)


def show_resource(api_group: str, resource: str, subresource: str = "") -> str:
    """`pods/log`, `deployments.apps/scale`, `*.*`."""
    name = f"{resource}.{api_group}" if api_group else resource
    return f"{name}/{subresource}" if subresource else name


def identity(policy: Policy, user: str, groups: Sequence[str] = ()) -> dict[str, Any]:
    """Who a user on the command line is, with the groups that this implies. `sa:ns/name` is a service
    account, `group:name` someone of whom nothing but a group is known, `cert:CN=name,O=group` a certificate,
    `bootstrap:id` a bootstrap token whose secret is at hand.
    """
    if user.startswith("cert:"):
        parts = [p.strip().partition("=") for p in user[5:].split(",")]
        names = [v for k, _, v in parts if k == "CN"]
        organizations = [v for k, _, v in parts if k == "O"]
        if not any(names):
            raise _nobody("a certificate without a common name means nobody", "such as cert:CN=jane,O=dev")
        certified = policy.rule("access/certificateIdentity")
        return certified(names[0], [*organizations, *groups])  # type: ignore[no-any-return]
    if user.startswith("bootstrap:"):
        name = f"Secret kube-system/bootstrap-token-{user[10:]}"
        try:
            found = policy.rule("access/bootstrapTokenOf")(user[10:], policy.cluster)
        except EvalError as error:
            raise _nobody(f"the data of {name} cannot be read", error.message) from error
        if not found:
            raise _nobody(f"no {name} at hand lets such a token be used", "PATHS must have it")
        return {**found[0], "groups": [*found[0]["groups"], *groups]}
    user, more = _user(user)
    listed = policy.people.get(user, ())
    return policy.rule("access/knownAs")(user, [*groups, *more, *listed])  # type: ignore[no-any-return]


def _nobody(message: str, help_: str) -> DiagnosticError:
    return DiagnosticError([Diagnostic(NOBODY, message, help=help_)])


def full_name(word: str) -> str:
    """The user's name that a word stands for."""
    return _user(word)[0]


def _user(word: str) -> tuple[str, list[str]]:
    if word.startswith("sa:") and "/" in word:
        namespace, _, name = word[3:].partition("/")
        return f"system:serviceaccount:{namespace}:{name}", []
    if word.startswith("group:"):
        return SOMEONE, [word[6:]]
    return word, []


def asked_for(policy: Policy, word: str, table: TypeTable) -> Asked:
    """What a RESOURCE on the command line means. Kinds go by plural, singular and short name; where no group
    is given, it is that of the kind.
    """
    if word.startswith("/"):
        return Asked(path=word)
    head, _, subresource = word.partition("/")
    name, dot, group = head.partition(".")
    first, _, rest = group.partition(".")
    version = first if dot and VERSION.fullmatch(first) else ""
    if version:
        group = rest
    found = [k for k in table.kinds if name.lower() in (k.plural, k.singular, *k.short_names)]
    if dot:
        own = [k for k in found if k.group == group]
        resource = own[0].plural if own else name
        version = version or (own[0].version if own else "")
        notes = _parts(policy, resource, subresource) if own else ()
        return Asked("", group, resource, subresource, own[0].namespaced if own else None, notes, version)
    if name == "*":
        return Asked("", "*", "*", subresource)
    if found:
        exact = [k for k in found if k.plural == name.lower()] or found
        kind = next((k for k in exact if not k.group), exact[0])
        notes = (*_others(kind, exact), *_parts(policy, kind.plural, subresource))
        return Asked("", kind.group, kind.plural, subresource, kind.namespaced, notes, kind.version)
    return _unknown(policy, name, subresource, table)


def _others(kind: Kind, exact: Sequence[Kind]) -> tuple[str, ...]:
    groups = sorted({k.group for k in exact} - {kind.group})
    if not groups:
        return ()
    others = ", ".join(f"{kind.plural}.{g}" for g in groups)
    return (f"{show_resource(kind.group, kind.plural)} is meant; there is also {others}",)


def _parts(policy: Policy, resource: str, subresource: str) -> tuple[str, ...]:
    """What is asked about has no such part: no request does what is asked, whatever roles say."""
    served = policy.rule("access/partsServed")(resource)
    if not subresource or not served or subresource in served:
        return ()
    near = get_close_matches(subresource, served, n=1)
    did = (
        f"did you mean `{resource}/{near[0]}`?"
        if near
        else f"a NAME stands apart: `{resource} {subresource}`"
    )
    return (f"`{resource}` has no part `{subresource}`, so that no request is this one; {did}",)


def _unknown(policy: Policy, name: str, subresource: str, table: TypeTable) -> Asked:
    """What no kind is called: one that only checks ask for, or a custom resource whose group was not said."""
    for checked in policy.rule("access/checkedResources")():
        if checked["resource"] == name:
            return Asked("", checked["apiGroup"], name, subresource)
    near = get_close_matches(name, sorted({k.plural for k in table.kinds if k.plural}), n=1)
    did = f"did you mean `{near[0]}`? " if near else ""
    note = f"no kind is called `{name}`, so the core group is taken: {did}a custom resource is `{name}.GROUP`"
    return Asked("", "", name, subresource, None, (note,))


def request_for(
    policy: Policy,
    who: Mapping[str, Any],
    verb: str,
    asked: Asked,
    namespace: str = "",
    name: str = "",
    field_selector: str = "",
    label_selector: str = "",
) -> Request:
    """The request that someone makes for what is asked; not every verb's has a name."""
    base = {**who, "groups": list(who["groups"]), "verb": verb}
    if asked.path:
        return {**base, "resourceRequest": False, "path": asked.path}
    if asked.namespaced is False:
        namespace = ""
    name = policy.rule("access/requestedName")(verb, asked.subresource, name, field_selector)
    namespace = policy.rule("access/namespaceOf")(asked.api_group, asked.resource, name, namespace)
    return {
        **base,
        "resourceRequest": True,
        "apiGroup": asked.api_group,
        "resource": asked.resource,
        "subresource": asked.subresource,
        "namespace": namespace,
        "name": name,
        "fieldSelector": field_selector,
        "labelSelector": label_selector,
        "version": asked.version,
    }


def show_request(request: Mapping[str, Any]) -> str:
    """`get secrets db in shop`, `list pods everywhere`, `get /healthz`."""
    verb = request.get("verb") or "(no verb)"
    if not request.get("resourceRequest"):
        return f"{verb} {request.get('path') or ''}".strip()
    shown = show_resource(
        request.get("apiGroup") or "", request.get("resource") or "", request.get("subresource") or ""
    )
    name, namespace = request.get("name"), request.get("namespace")
    text = f"{verb} {shown}" + (f" {name}" if name else "")
    return f"{text} in {namespace}" if namespace else text
