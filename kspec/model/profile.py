"""Knows a scheduler's profile: which plug-ins are asked, in what order, and what is made for them first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FilterPlugin:
    """`before` and `when` name functions: what it says of the pod as a whole, and whether it has a say."""

    plugin: str
    before: str = ""
    when: str = ""


@dataclass(frozen=True, slots=True)
class ScorePlugin:
    """`normalize` is `max`, `reversed`, `none` or the name of a function; `when` as for a filter. `among`
    names a function too: which nodes have a score at all.
    """

    plugin: str
    weight: int
    normalize: str
    when: str = ""
    among: str = ""


@dataclass(frozen=True, slots=True)
class TallyOf:
    """Functions whose counts add up to a tally: what a node counts, a pod on it, a pod that is gone from it,
    or a node that fits.
    """

    node: str = ""
    pod: str = ""
    gone: str = ""
    fitting: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """Which filters are asked, in order, what each score weighs, which functions make what they take by
    name; and whether a pod that fits nowhere may push out others.
    """

    name: str
    filters: tuple[FilterPlugin, ...]
    scores: tuple[ScorePlugin, ...]
    prepared: Mapping[str, str] = field(default_factory=dict)
    preempts: bool = False
    tallies: Mapping[str, TallyOf] = field(default_factory=dict)


def profile_of(name: str, fields: Mapping[str, object]) -> Profile:
    """The scheduler's profile from the data that a `profile` declaration holds."""
    filters, scores, prepared = fields.get("filters"), fields.get("scores"), fields.get("prepared", {})
    tallies = fields.get("tallies", {})
    assert isinstance(filters, list) and isinstance(scores, list) and isinstance(prepared, dict)
    assert isinstance(tallies, dict)
    return Profile(
        name,
        tuple(FilterPlugin(**{k: str(v) for k, v in each.items()}) for each in filters),
        tuple(
            ScorePlugin(
                s["plugin"],
                int(s["weight"]),
                str(s["normalize"]),
                str(s.get("when", "")),
                str(s.get("among", "")),
            )
            for s in scores
        ),
        {str(k): str(v) for k, v in prepared.items()},
        bool(fields.get("preempts", False)),
        {str(name): TallyOf(**{k: str(v) for k, v in of.items()}) for name, of in tallies.items()},
    )
