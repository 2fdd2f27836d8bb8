"""How nodes are judged: filters in order, scores normalised and weighted, and nothing forgotten by
remembering.
"""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.toy_world import fits, free_corn, open_to, rule

from kspec.model.clock import Clock
from kspec.model.cluster import ClusterValues
from kspec.model.placement import Judge, NodePods
from kspec.model.profile import FilterPlugin, Profile, ScorePlugin
from kspec.model.rules import Listed, RuleSet
from kspec.model.store import Store

POD = frozenset({("spec", "eats")})


def judge_of(*scores: ScorePlugin, remember: bool = True) -> Judge:
    reads = {"pod": POD, "placed": frozenset({("*", "spec", "eats")})} if remember else {}
    rules = (
        rule("filter", "Open", "pod: P, node: N", open_to, pod=frozenset(), node=frozenset({()})),
        rule("filter", "Corn", "pod: P, node: N, placed: L", fits, **reads),
        rule("score", "Free", "pod: P, node: N, placed: L", free_corn, **reads),
        rule("score", "Fixed", "pod: P, node: N", lambda pod, node: node["status"]["fixed"], pod=frozenset()),
        rule("function", "twice", "raw: int", lambda raw: 2 * raw),
    )
    profile = Profile(
        "p", (FilterPlugin("Open"), FilterPlugin("Corn")), scores or (ScorePlugin("Free", 1, "none"),)
    )
    return Judge(profile, RuleSet(Listed(rules)), ClusterValues(Store(Clock()), {}))


def node(name: str, corn: int, fixed: int = 0, closed: bool = False) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"closed": closed}, "status": {"corn": corn, "fixed": fixed}}


def pod(eats: int, name: str = "p") -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"eats": eats}}


def test_the_first_filter_that_rejects_gives_the_reasons() -> None:
    nodes = [node("a", 1, closed=True), node("b", 1), node("c", 5)]
    placement = judge_of().judge(pod(2), nodes, {})
    assert [(v.plugin, v.code) for v in placement.verdicts] == [
        ("Open", "UnschedulableAndUnresolvable"),
        ("Corn", "Unschedulable"),
        ("", ""),
    ]
    assert placement.reason_counts() == {"closed": 1, "not enough corn": 1}
    assert placement.best() == ["c"] and placement.scores == {}


@pytest.mark.parametrize(
    ("how", "raw", "normalized"),
    [
        ("none", [3, 7], [3, 7]),
        ("max", [3, 7], [42, 100]),
        ("max", [0, 0], [0, 0]),
        ("reversed", [3, 7], [58, 0]),
        ("reversed", [0, 0], [100, 100]),
        ("twice", [3, 7], [6, 14]),
    ],
)
def test_normalisation(how: str, raw: list[int], normalized: list[int]) -> None:
    judge = judge_of(ScorePlugin("Fixed", 2, how))
    nodes = [node(f"n{i}", 9, fixed=r) for i, r in enumerate(raw)]
    placement = judge.judge(pod(1), nodes, {})
    assert [placement.scores[n][0].normalized for n in ("n0", "n1")] == normalized
    assert placement.totals() == {f"n{i}": 2 * s for i, s in enumerate(normalized)}


def test_all_best_nodes_are_named() -> None:
    placement = judge_of().judge(pod(1), [node("a", 9), node("b", 5), node("c", 9)], {})
    assert placement.best() == ["a", "c"]


STEPS = st.lists(
    st.tuples(st.sampled_from(["place", "judge", "close"]), st.integers(0, 2), st.integers(1, 4)), max_size=25
)


@settings(max_examples=80, deadline=None)
@given(STEPS)
def test_what_is_remembered_is_what_would_be_found_anew(steps: list[tuple[str, int, int]]) -> None:
    nodes = [node(f"n{i}", 8) for i in range(3)]
    placed = {n["metadata"]["name"]: NodePods() for n in nodes}
    remembering, fresh = judge_of(), judge_of(remember=False)
    for number, (what, at, eats) in enumerate(steps):
        here = placed[f"n{at}"]
        if what == "place":
            here.pods = (*here.pods, pod(eats, f"q{number}"))
            here.version += 1
        elif what == "close":
            nodes[at] = {**nodes[at], "spec": {"closed": eats % 2 == 0}}
        one = pod(eats, f"p{number}")
        known, found = remembering.judge(one, nodes, placed), fresh.judge(one, nodes, placed)
        assert [(v.plugin, v.reasons, v.raw) for v in known.verdicts] == [
            (v.plugin, v.reasons, v.raw) for v in found.verdicts
        ]
        assert known.best() == found.best()


def test_a_profile_that_names_what_is_not_there_is_an_error() -> None:
    with pytest.raises(LookupError, match="filter `Nowhere`"):
        Judge(
            Profile("p", (FilterPlugin("Nowhere"),), ()),
            RuleSet(Listed(())),
            ClusterValues(Store(Clock()), {}),
        )
