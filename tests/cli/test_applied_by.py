"""`kspec analyze --applied-by`: which roles and bindings someone may not write, as a user meets it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from support.command_line import Ran

Kspec = Callable[..., Ran]
API = "apiVersion: rbac.authorization.k8s.io/v1"
REF = "{apiGroup: rbac.authorization.k8s.io, kind: %s, name: %s}"


def role(name: str, rules: str, kind: str = "Role") -> str:
    space = ", namespace: shop" if kind == "Role" else ""
    return f"{API}\nkind: {kind}\nmetadata: {{name: {name}{space}}}\nrules: {rules}\n"


def binding(name: str, of: str, subject: str, kind: str = "Role") -> str:
    head = f"{API}\nkind: RoleBinding\nmetadata: {{name: {name}, namespace: shop}}\n"
    return f"{head}roleRef: {REF % (kind, of)}\nsubjects: [{subject}]\n"


DEPLOYER = "{kind: ServiceAccount, name: deployer, namespace: ci}"
JANE = "{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}"
PODS = '{apiGroups: [""], resources: [pods], verbs: [get, list]}'
SECRETS = '{apiGroups: [""], resources: [secrets], verbs: [get]}'
WRITES = "{apiGroups: [rbac.authorization.k8s.io], resources: [roles, rolebindings], verbs: [create, patch]}"


def told(kspec: Kspec, folder: Path, rights: str, *objects: str) -> dict[str, str]:
    """By object: the reason why the deployer, who has these rights in shop, may not write it."""
    path = folder / "rbac.yaml"
    path.write_text(
        "---\n".join([*objects, role("deployer", rights), binding("deployers", "deployer", DEPLOYER)])
    )
    ran = kspec("analyze", path, "--only", "access", "--applied-by", "sa:ci/deployer", "--format", "json")
    found = [f for s in ran.json["sections"] for f in s["findings"] if f["code"] == "KS4107"]
    return {f["subject"]: f["reason"] for f in found}


def test_what_they_hold_they_may_hand_out(kspec: Kspec, tmp_path: Path) -> None:
    objects = (role("reader", f"[{PODS}]"), binding("readers", "reader", JANE))
    assert told(kspec, tmp_path, f"[{WRITES}, {PODS}]", *objects) == {}


def test_what_they_do_not_hold_is_refused_with_a_request(kspec: Kspec, tmp_path: Path) -> None:
    objects = (role("reader", f"[{SECRETS}]"), binding("readers", "reader", JANE))
    found = told(kspec, tmp_path, f"[{WRITES}, {PODS}]", *objects)
    assert set(found) == {"Role shop/reader", "RoleBinding shop/readers"}
    reason = 'no rule that they hold says get on secrets of ""; it would allow more, such as get secrets'
    assert found["Role shop/reader"].startswith(reason)


def test_bind_and_escalate_let_them(kspec: Kspec, tmp_path: Path) -> None:
    objects = (role("reader", f"[{SECRETS}]"), binding("readers", "reader", JANE))
    more = "{apiGroups: [rbac.authorization.k8s.io], resources: [roles], verbs: [bind]}"
    assert set(told(kspec, tmp_path, f"[{WRITES}, {more}]", *objects)) == {"Role shop/reader"}
    more = more.replace("bind", "bind, escalate")
    assert told(kspec, tmp_path, f"[{WRITES}, {more}]", *objects) == {}


def test_who_may_not_write_at_all_is_told_so(kspec: Kspec, tmp_path: Path) -> None:
    found = told(kspec, tmp_path, f"[{PODS}]", role("reader", f"[{PODS}]"))
    assert (
        "no authorizer allows create roles.rbac.authorization.k8s.io in shop or " in found["Role shop/reader"]
    )


def test_refused_though_it_gives_nothing(kspec: Kspec, tmp_path: Path) -> None:
    """What a ClusterRole says of paths, a RoleBinding does not give; RBAC asks for it all the same."""
    rules = f"[{PODS}, {{nonResourceURLs: [/metrics], verbs: [get]}}]"
    objects = (role("scraper", rules, "ClusterRole"), binding("scrapers", "scraper", JANE, "ClusterRole"))
    found = told(kspec, tmp_path, f"[{WRITES}, {PODS}]", *objects)
    assert found["RoleBinding shop/scrapers"] == (
        "no rule that they hold says get on /metrics; yet it allows no request that they may not make already"
    )
