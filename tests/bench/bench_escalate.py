"""How long escalation takes: 500 roles, 2,000 bindings, 2,000 subjects, 100 namespaces, made up."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path
from time import process_time
from typing import Any

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

from kspec.verify.access.certificate import Certifier, Invariant
from kspec.verify.access.closure import Reach
from kspec.verify.access.everyone import Everyone

RESOURCES = (
    ("", "pods"),
    ("", "pods/exec"),
    ("", "secrets"),
    ("", "configmaps"),
    ("", "services"),
    ("apps", "deployments"),
    ("apps", "statefulsets"),
    ("batch", "jobs"),
    ("", "serviceaccounts/token"),
    ("", "events"),
    ("", "pods/log"),
    ("networking.k8s.io", "ingresses"),
    ("rbac.authorization.k8s.io", "rolebindings"),
)
VERBS = ("get", "list", "watch", "create", "update", "patch", "delete")
Object = dict[str, Any]


def rule(chance: random.Random) -> Object:
    group, resource = chance.choice(RESOURCES)
    verbs = chance.sample(VERBS, chance.randint(1, 4))
    made: Object = {"verbs": verbs, "apiGroups": [group], "resources": [resource]}
    if chance.random() < 0.1:
        made["resourceNames"] = [f"n{chance.randint(0, 50)}"]
    return made


def policy(
    seed: int = 1, roles: int = 500, bindings: int = 2000, subjects: int = 2000
) -> tuple[Object, list[Object]]:
    """A cluster, and the subjects of its bindings; every tenth binding holds everywhere."""
    chance = random.Random(seed)
    spaces = [f"ns{n}" for n in range(100)]
    rules = [[rule(chance) for _ in range(chance.randint(1, 5))] for _ in range(roles)]
    half = roles // 2
    wide = [{"metadata": {"name": f"c{n}"}, "rules": rules[n]} for n in range(half)]
    wide.append(
        {"metadata": {"name": "all"}, "rules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]}
    )
    narrow = [
        {"metadata": {"name": f"r{n}", "namespace": chance.choice(spaces)}, "rules": rules[n]}
        for n in range(half, roles)
    ]
    people: list[Object] = [{"kind": "User", "name": f"u{n}"} for n in range(subjects // 2)]
    people += [
        {"kind": "ServiceAccount", "name": f"s{n}", "namespace": chance.choice(spaces)}
        for n in range(subjects // 2)
    ]
    everywhere: list[Object] = []
    local: list[Object] = []
    for number in range(bindings):
        name, who = {"name": f"b{number}"}, [people[number % len(people)]]
        ref = {"kind": "ClusterRole", "name": f"c{chance.randint(0, half - 1)}"}
        if number % 10 == 0:
            ref = {**ref, "name": "all"} if chance.random() < 0.02 else ref
            everywhere.append({"metadata": name, "roleRef": ref, "subjects": who})
            continue
        space = chance.choice(spaces)
        if chance.random() < 0.5:
            role = chance.choice(narrow)["metadata"]
            ref, space = {"kind": "Role", "name": role["name"]}, role["namespace"]
        local.append({"metadata": {**name, "namespace": space}, "roleRef": ref, "subjects": who})
    found = {"clusterRoles": wide, "roles": narrow, "clusterRoleBindings": everywhere, "roleBindings": local}
    return found, people


def closure_of_everyone(cluster: Object, people: list[Object]) -> int:
    """How many come to be cluster-admin; with the edges made anew."""
    reach = Reach(cluster, {"podSecurity": "privileged"})
    starts = []
    for who in people:
        if who["kind"] == "User":
            starts.append(reach.identity(who["name"], ["system:authenticated"]))
            continue
        space = who["namespace"]
        groups = ["system:serviceaccounts", f"system:serviceaccounts:{space}", "system:authenticated"]
        starts.append(reach.identity(f"system:serviceaccount:{space}:{who['name']}", groups))
    return Everyone(reach, starts).who[reach.admin].bit_count()


def measure(runs: int = 3) -> float:
    cluster, people = policy()
    times = []
    for _ in range(runs):
        began = process_time()
        closure_of_everyone(cluster, people)
        times.append(process_time() - began)
    return min(times)


def certificates(runs: int = 3) -> Iterator[tuple[str, float]]:
    """The solver's check of the closure of two users: one who gains nothing, one who becomes half of all."""
    cluster, _ = policy()
    reach = Reach(cluster, {"podSecurity": "privileged"})
    for user in ("u1", "u0"):
        closure = reach.closure(reach.identity(user, ["system:authenticated"]))
        times = []
        for _ in range(runs):
            began = process_time()
            found = Certifier(reach).certify(Invariant.of([closure]), 120)
            assert found.holds
            times.append(process_time() - began)
        yield f"certificate of a closure of {found.identities:,} identities", min(times)


if __name__ == "__main__":
    print(f"escalation closure for 2,000 subjects: {measure():.2f} s")
    for what, seconds in certificates():
        print(f"{what}: {seconds:.2f} s")
