"""Laws: of random roles and bindings kspec says what the API's own definitions say, by brute force."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from oracle.access import Access, Asked
from oracle.policies import ASKED, PATHS, PEOPLE, SPACES, Policies
from oracle.said import Kspec, has_right, spelt, written

MASTERS = ("Group", "", "system:masters")
SEEDS = range(15)


def as_sent(asked: Asked) -> Asked:
    """A request of a collection names no object."""
    whole = asked.verb == "deletecollection" or (asked.verb == "create" and not asked.subresource)
    return replace(asked, name="") if whole else asked


def groups_of(who: str) -> list[str]:
    return ["--as-group", "ops"] if who == "bob" else []


@pytest.mark.parametrize("seed", SEEDS)
def test_can_and_access(kspec: Kspec, tmp_path: Path, seed: int) -> None:
    draw = Random(seed)
    objects = Policies(draw).objects()
    access, path = Access(objects), written(tmp_path / "a.yaml", objects)
    who = draw.choice(PEOPLE)
    for asked in map(as_sent, draw.sample(ASKED, 3) + draw.sample(PATHS, 2)):
        ran = kspec("can", who.user, *spelt(asked), path, *groups_of(who.user), "--format", "json")
        assert ran.json["verdict"] == ("allowed" if access.allows(who, asked) else "denied"), (who, asked)
    rights = kspec("access", who.user, path, *groups_of(who.user), "--format", "json").json
    for asked in (*ASKED, *PATHS):
        assert has_right(rights, asked) == access.allows(who, asked), (who, asked)


@pytest.mark.parametrize("seed", SEEDS)
def test_who_can(kspec: Kspec, tmp_path: Path, seed: int) -> None:
    draw = Random(seed)
    objects = Policies(draw).objects()
    access, path = Access(objects), written(tmp_path / "a.yaml", objects)
    for asked in draw.sample(ASKED, 3) + draw.sample(PATHS, 1):
        ran = kspec("who-can", *spelt(asked), path, "--format", "json")
        found = {_plain(h["kind"], h.get("namespace", ""), h["name"]) for h in ran.json["holders"]}
        assert found == holders(access, asked), asked


def holders(access: Access, asked: Asked) -> set[tuple[str, str, str]]:
    """Everyone who may: in any namespace if none is said, to an object of any name if none is said."""
    sent = as_sent(asked)
    names = [sent.name] if sent.name or sent != asked else ["", "one", "two", "*", "three"]
    spaces = [asked.namespace] if asked.namespace else ["", *SPACES]
    if asked.path or asked.resource == "nodes":
        spaces = [""]
    found = {MASTERS}
    for name in names:
        for space in spaces:
            for home, subject in access.granting(replace(sent, name=name, namespace=space)):
                account = subject["kind"] == "ServiceAccount"
                its = (subject.get("namespace") or home) if account else ""
                if its or not account:
                    found.add(_plain(subject["kind"], its, subject["name"]))
    return found


def _plain(kind: str, namespace: str, name: str) -> tuple[str, str, str]:
    """A user who is spelt as a service account is one."""
    if kind == "User" and name.startswith("system:serviceaccount:"):
        return ("ServiceAccount", *name.split(":")[2:])  # type: ignore[return-value]
    return kind, namespace, name
