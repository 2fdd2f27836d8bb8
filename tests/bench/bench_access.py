"""Measures questions about access: `python tests/bench/bench_access.py`.

A made-up policy of 500 roles and 2,000 bindings, and real manifests with the default roles.
Times are CPU milliseconds, the best of some runs.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import process_time
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"
sys.path[:0] = [str(ROOT)]

API = "rbac.authorization.k8s.io"
VERBS = ["get", "list", "watch", "create", "update", "patch", "delete", "*"]
RESOURCES = ["pods", "pods/log", "secrets", "configmaps", "services", "deployments", "*", "*/scale"]
GROUPS = ["", "apps", "batch", "*"]


def policy(roles: int = 500, bindings: int = 2000, seed: int = 1) -> list[dict[str, Any]]:
    """ClusterRoles with two to six rules, and bindings to them, half of them in one of 40 namespaces."""
    rng = random.Random(seed)
    found = [
        {
            "apiVersion": f"{API}/v1",
            "kind": "ClusterRole",
            "metadata": {"name": f"role-{n}"},
            "rules": [rule(rng) for _ in range(rng.randint(2, 6))],
        }
        for n in range(roles)
    ]
    for n in range(bindings):
        cluster = rng.random() < 0.5
        metadata = {"name": f"binding-{n}"} | ({} if cluster else {"namespace": f"ns-{rng.randrange(40)}"})
        found.append(
            {
                "apiVersion": f"{API}/v1",
                "kind": "ClusterRoleBinding" if cluster else "RoleBinding",
                "metadata": metadata,
                "roleRef": {"apiGroup": API, "kind": "ClusterRole", "name": f"role-{rng.randrange(roles)}"},
                "subjects": [subject(rng) for _ in range(rng.randint(1, 3))],
            }
        )
    return found


def rule(rng: random.Random) -> dict[str, Any]:
    made = {
        "verbs": sorted(rng.sample(VERBS[:-1], rng.randint(1, 4))) if rng.random() < 0.95 else ["*"],
        "apiGroups": [rng.choice(GROUPS)],
        "resources": sorted(rng.sample(RESOURCES, rng.randint(1, 3))),
    }
    return made | ({"resourceNames": [f"name-{rng.randrange(20)}"]} if rng.random() < 0.2 else {})


def subject(rng: random.Random) -> dict[str, Any]:
    kind = rng.choice(["User", "Group", "ServiceAccount"])
    if kind == "ServiceAccount":
        return {"kind": kind, "name": f"sa-{rng.randrange(50)}", "namespace": f"ns-{rng.randrange(40)}"}
    return {"kind": kind, "apiGroup": API, "name": f"{kind.lower()}-{rng.randrange(300)}"}


def best(action: Callable[[], object], runs: int = 5) -> float:
    """CPU milliseconds, the best of some runs."""

    def once() -> float:
        start = process_time()
        action()
        return (process_time() - start) * 1000

    return min(once() for _ in range(runs))


def rows() -> Iterator[tuple[str, float, str]]:
    from kspec.cli.policy import PolicyOptions, load_access
    from kspec.cli.session import Session
    from kspec.verify.access.decision import answer
    from kspec.verify.access.holders import who_can
    from kspec.verify.access.policy import Policy
    from kspec.verify.access.rights import rights_of
    from kspec.verify.access.words import asked_for, identity, request_for

    def fresh(policy: Policy) -> None:
        """Forgets what earlier questions were answered."""
        policy._held.clear()
        for role in policy.roles:
            role.matched.clear()

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "policy.json")
        path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": policy()}))
        loads = best(lambda: load_access(Session(), [str(path)], PolicyOptions()), 2)
        access = load_access(Session(), [str(path)], PolicyOptions())
    own = access.policy
    secrets = asked_for(own, "secrets", access.table)
    who = identity(own, "user-7", ["group-3"])
    denied = request_for(own, who, "delete", secrets, "ns-3", "name-1")

    def ask(action: Callable[[], object]) -> float:
        def once() -> None:
            fresh(own)
            action()

        return best(once)

    yield "500 roles and 2,000 bindings read", loads, ""
    yield "`who-can get secrets` of them, nothing remembered", ask(lambda: who_can(own, "get", secrets)), "50"
    yield "`can`, denied, with what comes nearest", ask(lambda: answer(own, denied)), ""
    yield "`access` of one user", ask(lambda: rights_of(own, who)), ""
    if CORPUS.is_dir():
        paths = [str(CORPUS / "argo-cd"), str(CORPUS / "kube-prometheus")]
        options = PolicyOptions(bootstrap=True)
        yield (
            "argo-cd, kube-prometheus and the default roles read",
            best(lambda: load_access(Session(), paths, options), 3),
            "",
        )
        real = load_access(Session(), paths, options)
        yield "`who-can get secrets` of them", best(lambda: who_can(real.policy, "get", secrets)), "1000"
    yield from inclusions()


def inclusions(count: int = 500) -> Iterator[tuple[str, float, str]]:
    """Whether one default role includes another: of so many pairs, and of the two largest."""
    from statistics import median

    from kspec.cli.policy import PolicyOptions, load_access
    from kspec.cli.session import Session
    from kspec.verify.access.inclusion import includes

    roles = {r.name: r for r in load_access(Session(), [], PolicyOptions(bootstrap=True)).policy.roles}
    pairs = random.Random(1).sample(
        [(a, b) for a in roles.values() for b in roles.values() if a is not b], count
    )
    times = [best(lambda a=a, b=b: includes(a.rules, b.rules), 3) for a, b in pairs]  # type: ignore[misc]
    admin, edit = roles["admin"].rules, roles["edit"].rules
    yield f"inclusion of two default roles, the median of {count} pairs", median(times), "5"
    yield "inclusion of `edit` in `admin`", best(lambda: includes(admin, edit)), ""


def main() -> None:
    print("| what | CPU ms | aim |\n|---|---|---|")
    for what, milliseconds, aim in rows():
        print(f"| {what} | {milliseconds:.1f} | {aim} |", flush=True)


if __name__ == "__main__":
    main()
