"""Law: whoever comes to something by the simplest ways, worked out by brute force, comes to it for kspec."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from oracle.access import Who, account
from oracle.escalation import ACCOUNTS, GOAL, TEAM, USERS, Ways, clusters
from oracle.said import Kspec, written

KNOWN = "system:authenticated"
PEOPLE = {
    **{("User", u): Who(u, (KNOWN,)) for u in USERS},
    ("Group", TEAM): Who("someone", (TEAM, KNOWN)),
    **{("ServiceAccount", account(*a).user): account(*a) for a in ACCOUNTS},
}


@pytest.mark.parametrize("seed", range(16))
def test_the_simplest_ways_are_found(kspec: Kspec, tmp_path: Path, seed: int) -> None:
    objects = clusters(Random(seed))
    path = written(tmp_path / "a.yaml", objects)
    level = ("--pod-security", "restricted")  # so that pods do not lead to nodes, which is another way
    ran = kspec("escalate", path, "--to", f"{GOAL.verb} {GOAL.resource}", *level, "--all", "--format", "json")
    found = {(s["kind"], s["name"]) for s in (*ran.json["subjects"], *ran.json["already"])}
    bound = {_named(s) for o in objects for s in o.get("subjects", ())}
    wanted = {k for k, who in PEOPLE.items() if k in bound and Ways(objects, {who}).comes_to(GOAL)}
    assert wanted <= found


def _named(subject: dict[str, str]) -> tuple[str, str]:
    if subject["kind"] == "ServiceAccount":
        return "ServiceAccount", account(subject["namespace"], subject["name"]).user
    return subject["kind"], subject["name"]
