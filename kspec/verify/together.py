"""Knows how several variables of one domain may be chosen: as one member, or as different ones that exist at
the same time.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from itertools import combinations

from kspec.ir.properties import Quantifier

Merged = Mapping[str, str]
"""By variable: the one whose member it is, itself or an earlier one of the same domain."""


def together(domain: str) -> str:
    """The function by which a domain says of two different members whether they may exist at the same time.

    A domain without one has members that know nothing of each other.
    """
    return domain + "Together"


def mergings(quantifiers: Sequence[Quantifier], functions: Container[str]) -> Iterator[Merged]:
    """Every way in which variables may be the same member, all different first; between them they are all
    choices.
    """
    found: list[dict[str, str]] = [{}]
    for quantifier in quantifiers:
        tells = bool(quantifier.domain) and together(quantifier.domain) in functions
        earlier = [q.name for q in quantifiers[: quantifiers.index(quantifier)]]
        alike = [q.name for q in quantifiers if tells and q.domain == quantifier.domain and q.name in earlier]
        found = [
            {**merged, quantifier.name: member}
            for merged in found
            for member in (quantifier.name, *(name for name in alike if merged[name] == name))
        ]
    return iter(found)


def pairs(
    quantifiers: Sequence[Quantifier], merged: Merged, functions: Container[str]
) -> list[tuple[Quantifier, Quantifier]]:
    """The variables, two by two, that are different members of a domain that has something to say of two."""
    own = [q for q in quantifiers if q.domain and merged[q.name] == q.name]
    return [
        (a, b) for a, b in combinations(own, 2) if a.domain == b.domain and together(a.domain) in functions
    ]
