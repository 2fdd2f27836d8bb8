"""What is foreseen of a match condition, of a request of which parts are not known, and what it then is."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kspec.elaborate.cel import elaborate_cel
from kspec.ir.types import DYN
from kspec.verify.access.conditions import outcome
from kspec.verify.access.foresight import OF, UNKNOWN, WHO, settle

TEXTS = st.sampled_from(["", "a", "b"])
ATOMS = st.sampled_from(
    [
        "request.user == 'a'",
        "'a' in request.groups",
        "request.groups.exists(g, g == 'b')",
        "request.groups.all(g, g != 'a')",
        "request.groups.exists(g, g == request.user)",
        "request.user in request.groups",
        "has(request.resourceAttributes)",
        "has(request.nonResourceAttributes)",
        "request.resourceAttributes.namespace == 'a'",
        "request.resourceAttributes.name.startsWith('b')",
        "request.resourceAttributes.resource == 'a'",
        "request.nonResourceAttributes.path == 'a'",
        "has(request.resourceAttributes.fieldSelector)",
        "request.resourceAttributes.?fieldSelector.requirements.orValue([]).exists(r, r.key == 'a')",
        "request.extra['a'] == ['b']",
        "true",
    ]
)
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds("({} && {})".format, inner, inner),
        st.builds("({} || {})".format, inner, inner),
        st.builds("!({})".format, inner),
    ),
    max_leaves=5,
)
ATTRIBUTES = st.fixed_dictionaries(
    {"namespace": TEXTS, "name": TEXTS, "resource": TEXTS},
    optional={"fieldSelector": st.just({"requirements": [{"key": "a", "operator": "In", "values": ["b"]}]})},
)
REVIEWS = st.fixed_dictionaries(
    {
        "user": TEXTS,
        "groups": st.lists(TEXTS, max_size=2),
        "uid": TEXTS,
        "extra": st.dictionaries(TEXTS, st.lists(TEXTS, max_size=1), max_size=1),
    },
    optional={"resourceAttributes": ATTRIBUTES},
)
PARTS = st.frozensets(
    st.sampled_from([*sorted(WHO), *((OF, n) for n in ("namespace", "name", "resource", "fieldSelector"))])
)


@given(CONDITIONS, REVIEWS, REVIEWS, PARTS)
def test_what_is_foreseen_comes(
    condition: str, review: dict[str, Any], other: dict[str, Any], unknown: frozenset[tuple[str, ...]]
) -> None:
    """What holds whatever the unknown parts are holds once they are what they are."""
    expr = elaborate_cel(condition, "<condition>", {"request": DYN})
    foreseen = settle(expr, review, unknown)
    if foreseen != UNKNOWN:
        assert outcome(expr, filled(review, other, unknown)) == foreseen


def filled(
    review: dict[str, Any], other: dict[str, Any], unknown: frozenset[tuple[str, ...]]
) -> dict[str, Any]:
    """A review whose unknown parts are those of another; it may have further groups."""
    made = {**review, **{path[0]: other[path[0]] for path in unknown if len(path) == 1}}
    made["groups"] = review["groups"] + (other["groups"] if ("groups",) in unknown else [])
    if OF in made and OF in other:
        parts = {p[1] for p in unknown if len(p) > 1}
        kept = {k: v for k, v in made[OF].items() if k not in parts}
        made[OF] = kept | {k: v for k, v in other[OF].items() if k in parts}
    return made
