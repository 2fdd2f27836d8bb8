"""Knows random access policies: a few roles and bindings of a few names, and requests that meet them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import strategies as st

from kspec.ir.types import TypeTable
from kspec.resources.load import load_library, load_workspace
from kspec.resources.objects import KubeObject, ObjectReader
from kspec.runtime.rulebook import load_rulebook
from kspec.source import NOWHERE, Span
from kspec.verify.access.policy import Policy
from kspec.verify.cluster import cluster_of
from kspec.verify.setting import Setting, standard_setting

GROUP = "rbac.authorization.k8s.io"
few = st.sampled_from
SPACES, USERS, GROUPS = ("shop", "dev"), ("alice", "bob", "*"), ("ops", "system:authenticated")
VERBS, NAMES = ("get", "list", "create", "deletecollection"), ("", "one", "two")
RESOURCES = (("pods", ""), ("pods", "log"), ("secrets", ""), ("scales", "scale"))
PATHS = ("/healthz", "/healthz/a", "/metrics", "/")
MODES: tuple[dict[str, Any], ...] = ({"type": "AlwaysDeny"}, {"type": "Node"}, {"type": "RBAC"})


class Nowhere:
    def locate(self, path: object) -> Span:
        return NOWHERE

    def locate_key(self, path: object) -> Span:
        return NOWHERE


@cache
def table() -> TypeTable:
    with TemporaryDirectory() as folder:
        return load_library().types(load_workspace([_empty(folder)]).table)


def _empty(folder: str) -> str:
    path = Path(folder, "a.yaml")
    path.write_text("{apiVersion: v1, kind: Namespace, metadata: {name: a}}\n")
    return str(path)


@cache
def setting() -> Setting:
    return standard_setting(table())


resource_rules = st.fixed_dictionaries(
    {
        "verbs": few((["get"], ["*"], ["list", "create"], ["get", "deletecollection"])),
        "apiGroups": few(([""], ["*"], ["apps"], ["", "apps"])),
        "resources": few((["pods"], ["secrets"], ["*"], ["pods/log"], ["*/log"], ["pods/*"], ["*/scale"])),
    },
    optional={"resourceNames": few(([], ["one"], ["two", "one"], ["*"], [""]))},
)
path_rules = st.fixed_dictionaries(
    {
        "verbs": few((["get"], ["*"])),
        "nonResourceURLs": few((["*"], ["/healthz"], ["/healthz/*"], ["/h**"], ["/met*rics"])),
    }
)
rules = st.lists(st.one_of(resource_rules, resource_rules, path_rules), max_size=3)
subjects = st.one_of(
    st.builds(lambda n: {"kind": "User", "apiGroup": GROUP, "name": n}, few(USERS)),
    st.builds(lambda n: {"kind": "Group", "apiGroup": GROUP, "name": n}, few(GROUPS)),
    st.builds(
        lambda n, s: {"kind": "ServiceAccount", "name": n} | ({"namespace": s} if s else {}),
        few(("web", "db")),
        few(("", *SPACES)),
    ),
)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    made = []
    for n in range(draw(st.integers(1, 4))):
        kind = draw(few(("Role", "ClusterRole", "ClusterRole")))
        body: dict[str, Any] = {"rules": draw(rules)}
        if kind == "ClusterRole" and draw(st.booleans()):
            selector = {"matchLabels": {"to": draw(few(("r0", "r1")))}}
            body["aggregationRule"] = {"clusterRoleSelectors": [selector]}
        labels = {"to": draw(few(("r0", "r1", "none")))}
        made.append(_object(kind, f"r{n}", draw(few(SPACES)) if kind == "Role" else "", body, labels))
    for n in range(draw(st.integers(1, 4))):
        kind = draw(few(("RoleBinding", "ClusterRoleBinding")))
        of = "ClusterRole" if kind == "ClusterRoleBinding" else draw(few(("Role", "ClusterRole")))
        ref = {"apiGroup": GROUP, "kind": of, "name": f"r{draw(st.integers(0, 3))}"}
        body = {"roleRef": ref, "subjects": draw(st.lists(subjects, max_size=3))}
        space = "" if kind == "ClusterRoleBinding" else draw(few(SPACES))
        made.append(_object(kind, f"b{n}", space, body, {}))
    return policy_of(made)


def _object(
    kind: str, name: str, namespace: str, body: dict[str, Any], labels: dict[str, str]
) -> dict[str, Any]:
    metadata = {"name": name, "labels": labels} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": f"{GROUP}/v1", "kind": kind, "metadata": metadata, **body}


def policy_of(raw: list[dict[str, Any]]) -> Policy:
    reader = ObjectReader(table())
    objects: dict[object, KubeObject] = {}
    for value in raw:
        made, mistakes = reader.read(value, Nowhere())
        assert made is not None, mistakes
        assert not mistakes, mistakes
        objects[made.key] = made
    known = list(objects.values())
    cluster = cluster_of(((o.kind.record, o.decoded) for o in known if o.kind and o.decoded), table())
    return Policy(known, cluster, MODES, load_rulebook())


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    account = f"system:serviceaccount:{draw(few(SPACES))}:{draw(few(('web', 'db')))}"
    user = draw(few((*USERS, account)))
    groups = draw(st.lists(few(GROUPS), unique=True, max_size=2))
    base: dict[str, Any] = {"user": user, "groups": groups, "verb": draw(few(VERBS))}
    if draw(st.integers(0, 4)) == 0:
        return base | {"resourceRequest": False, "path": draw(few(PATHS))}
    resource, subresource = draw(few(RESOURCES))
    named = base["verb"] == "get" or (base["verb"] == "create" and subresource)
    return base | {
        "resourceRequest": True,
        "apiGroup": draw(few(("", "apps"))),
        "resource": resource,
        "subresource": subresource,
        "namespace": draw(few(("", *SPACES))),
        "name": draw(few(NAMES)) if named or base["verb"] == "list" else "",
    }
