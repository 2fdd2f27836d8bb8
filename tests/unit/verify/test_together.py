"""Which choices of several members of a domain there are: one member, or different ones that fit together."""

from __future__ import annotations

from kspec.ir.properties import Quantifier
from kspec.ir.types import DYN
from kspec.verify.together import mergings, pairs

TELLS = {"network/podsTogether"}


def domain(name: str, of: str = "network/pods") -> Quantifier:
    return Quantifier(name, DYN, of)


def test_all_different_comes_first_and_every_partition_once() -> None:
    found = list(mergings([domain("p"), domain("q"), domain("r")], TELLS))
    assert found[0] == {"p": "p", "q": "q", "r": "r"}
    assert {tuple(m.values()) for m in found} == {
        ("p", "q", "r"), ("p", "q", "p"), ("p", "q", "q"), ("p", "p", "r"), ("p", "p", "p"),
    }  # fmt: skip
    assert len(found) == 5


def test_members_that_know_nothing_of_each_other_are_left_alone() -> None:
    people = [domain("s", "access/subjects"), domain("t", "access/subjects")]
    assert list(mergings(people, TELLS)) == [{"s": "s", "t": "t"}]
    assert pairs(people, {"s": "s", "t": "t"}, TELLS) == []


def test_pairs_are_of_one_domain_and_of_different_members() -> None:
    p, q, n, s = domain("p"), domain("q"), Quantifier("n", DYN), domain("s", "access/subjects")
    everything = {"p": "p", "q": "q", "n": "n", "s": "s"}
    assert pairs([p, q, n, s], everything, TELLS) == [(p, q)]
    assert pairs([p, q, n, s], {**everything, "q": "p"}, TELLS) == []
