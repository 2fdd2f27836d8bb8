"""What properties turn into: the meaning of `forall`, `exists`, `forbid`, `where`, by brute force over
small ranges.
"""

from __future__ import annotations

from itertools import product

import pytest
from support.rules import shown, user_of

from kspec.elaborate.user import User
from kspec.ir.evaluate import evaluate
from kspec.ir.properties import Property


def user(text: str) -> User:
    made = user_of(text)
    assert not made.diagnostics, shown(made.diagnostics)
    return made


def holds(made: Property) -> bool:
    """The property, its ranges tried one by one; `cluster` is empty."""
    ranges = []
    for q in made.quantifiers:
        assert q.low is not None and q.high is not None
        ranges.append(range(evaluate(q.low, {}), evaluate(q.high, {}) + 1))  # type: ignore[call-overload]
    results = [
        bool(
            evaluate(
                made.holds,
                {"cluster": {}, **dict(zip((q.name for q in made.quantifiers), values, strict=True))},
            )
        )
        for values in product(*ranges)
    ]
    return any(results) if made.some else all(results)


X, Y = range(-2, 4), range(3)


@pytest.mark.parametrize("limit", [-3, 0, 1, 5])
@pytest.mark.parametrize(
    ("formula", "meaning"),
    [
        ("forall x in -2..3: x < n", lambda n: all(x < n for x in X)),
        ("exists x in -2..3: x == n", lambda n: any(x == n for x in X)),
        ("forall x in -2..3 where x > 0: x < n", lambda n: all(x < n for x in X if x > 0)),
        ("exists x in -2..3 where x > 0: x < n", lambda n: any(x < n for x in X if x > 0)),
        ("forall x in -2..3, y in 0..2 where x > y: x + y < n",
         lambda n: all(x + y < n for x in X for y in Y if x > y)),
        ("forall x in -2..3 where x > 0: forall y in 0..2 where y > 0: x * y != n",
         lambda n: all(x * y != n for x in X for y in Y if x > 0 and y > 0)),
        ("exists x in -2..3 where x > 0: exists y in 0..2 where y > x: x + y == n",
         lambda n: any(x + y == n for x in X for y in Y if y > x > 0)),
        ("forall x in -2..3: (exists y in 0..2 where y > x: y > n)",
         lambda n: all(any(y > n for y in Y if y > x) for x in X)),
        ("exists x in -2..3: (forall y in 0..2 where y > x: y > n)",
         lambda n: any(all(y > n for y in Y if y > x) for x in X)),
        ("forall x in -2..3: x > n implies (exists y in [0, 1, 2]: y == x)",
         lambda n: all(not x > n or any(y == x for y in Y) for x in X)),
        ("n > 0 || (forall x in -2..3: x < 2)", lambda n: n > 0 or all(x < 2 for x in X)),
    ],
)  # fmt: skip
def test_formulas_mean_what_they_say(formula: str, meaning: object, limit: int) -> None:
    made = user(f'param n: int = {limit}\nprove "p": {formula}\nforbid "f": {formula}\nassert "a": {formula}')
    expected = meaning(limit)  # type: ignore[operator]
    prove, forbid, at_hand = made.properties
    assert holds(prove) is expected
    assert holds(at_hand) is expected
    assert holds(forbid) is not expected


def test_ranges_may_depend_on_what_stands_before_them() -> None:
    made = user('prove "p": forall x in 0..3, y in x..x + 1: y >= x').properties[0]
    assert [q.name for q in made.quantifiers] == ["x", "y"]
    assert evaluate(made.quantifiers[1].high, {"x": 5}) == 6  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("verb", "formula", "temporal", "some", "quantified"),
    [
        ("prove", "always {}", "always", False, 0),
        ("prove", "eventually {} within 10min", "eventually", False, 0),
        ("prove", "always forall p in pods: {}", "always", False, 1),
        ("prove", "forall p in pods: always {}", "always", False, 1),
        ("prove", "never exists p in pods: {}", "never", False, 1),
        ("prove", "exists p in pods: eventually {}", "eventually", True, 1),
        ("forbid", "eventually {}", "never", False, 0),
        ("forbid", "eventually (exists p in pods: {})", "never", False, 1),
        ("forbid", "forall p in pods: eventually {}", "never", True, 1),
    ],
)
def test_temporal_operators(verb: str, formula: str, temporal: str, some: bool, quantified: int) -> None:
    made = user(f'{verb} "p": {formula.format("size(cluster.pods) > 1")}').properties[0]
    assert (made.temporal, made.some, len(made.quantifiers)) == (temporal, some, quantified)
    assert evaluate(made.holds, {"cluster": {"pods": [1, 2]}}) is True
    assert (made.within is not None) == ("within" in formula)


def test_domains_by_every_name() -> None:
    made = user('prove "a": forall p in pods: true\nprove "b": forall p in network.pods: true')
    assert {q.domain for p in made.properties for q in p.quantifiers} == {"network/pods"}


def test_params_are_constants_and_quantified_names_hide_nothing() -> None:
    made = user('param n: int = 3\nprove "p": forall x in 1..n: [1, 2].all(n, n < 4) && x <= n')
    (property_,) = made.properties
    assert holds(property_)
    assert user_of('param x: int = 3\nprove "p": forall x in 1..2: true').diagnostics[0].code == "KS2211"


def test_cases_come_with_their_objects() -> None:
    (made,) = user(
        """template t(n: string) { Pod (n) { } }
        prove "p": true
        expect "p" { holds when Pod a { spec.nodeName: "n" } violated when namespace x { use t(n: "b") } }
        expect "p" { violated when Pod c { } }"""
    ).properties
    assert [(c.verdict, [o["metadata"]["name"] for o in c.objects]) for c in made.expects] == [
        ("holds", ["a"]), ("violated", ["x", "b"]), ("violated", ["c"]),
    ]  # fmt: skip
