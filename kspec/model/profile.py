"""Knows a scheduler's profile: which plug-ins are asked, in what order, what they are told, and what is
made for them first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SCHEDULER = "default-scheduler"
"""What a profile is called that does not say."""


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
    name, and what they are told as `settings`. `preempts`: a pod that fits nowhere may push out others;
    `helpers` are the plug-ins that are asked when no node fits. Pods want it by `scheduler`. Of large
    clusters only so much is looked at as `percentage` says; None: all of it.
    """

    name: str
    filters: tuple[FilterPlugin, ...]
    scores: tuple[ScorePlugin, ...]
    prepared: Mapping[str, str] = field(default_factory=dict)
    preempts: bool = False
    tallies: Mapping[str, TallyOf] = field(default_factory=dict)
    settings: Mapping[str, object] = field(default_factory=dict)
    scheduler: str = SCHEDULER
    helpers: tuple[str, ...] = ()
    percentage: int | None = None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All that profiles can be made of: the plug-ins with what they do, and those that are enabled unless a
    configuration says otherwise; `points` says which can do something at which point.
    """

    scheduler: str
    plugins: tuple[Mapping[str, Any], ...]
    points: Mapping[str, tuple[str, ...]]
    filters: Mapping[str, FilterPlugin]
    scores: Mapping[str, tuple[str, str, str]]
    prepared: Mapping[str, str]
    settings: Mapping[str, Any]
    tallies: Mapping[str, TallyOf]
    preemption: str = ""
    """The plug-in by which a pod that fits nowhere may push out others."""
    needed: frozenset[str] = frozenset()
    """Those that no profile of the model can do without."""

    def profile(
        self,
        name: str,
        at: Mapping[str, Sequence[tuple[str, int]]],
        settings: Mapping[str, object] | None = None,
        scheduler: str = "",
        percentage: int | None = None,
    ) -> Profile:
        """The profile of these plug-ins at each point, in order, with the weights of scores."""
        helpers = tuple(plugin for plugin, _ in at.get("postFilter", ()))
        return Profile(
            name,
            tuple(self.filters[plugin] for plugin, _ in at["filter"] if plugin in self.filters),
            tuple(
                ScorePlugin(plugin, weight, *self.scores[plugin])
                for plugin, weight in at["score"]
                if plugin in self.scores
            ),
            self.prepared,
            self.preemption in helpers,
            self.tallies,
            self.settings if settings is None else settings,
            scheduler or self.scheduler,
            helpers,
            percentage,
        )


def catalogue_of(fields: Mapping[str, Any]) -> Catalogue:
    """What the data of a `profile` declaration offers."""
    return Catalogue(
        str(fields.get("schedulerName", SCHEDULER)),
        tuple(fields.get("plugins", ())),
        {p["point"]: tuple(p["plugins"]) for p in fields.get("points", ())},
        {
            f["plugin"]: FilterPlugin(**{key: str(value) for key, value in f.items()})
            for f in fields["filters"]
        },
        {
            s["plugin"]: (str(s["normalize"]), str(s.get("when", "")), str(s.get("among", "")))
            for s in fields["scores"]
        },
        {str(key): str(value) for key, value in fields.get("prepared", {}).items()},
        dict(fields.get("settings", {})),
        {str(name): TallyOf(**its) for name, its in fields.get("tallies", {}).items()},
        str(fields.get("preemption", "")),
        frozenset(fields.get("needed", ())),
    )


def profile_of(name: str, fields: Mapping[str, Any]) -> Profile:
    """The profile that a `profile` declaration itself is: every plug-in that it enables, wherever it can do
    something.
    """
    offered = catalogue_of(fields)
    enabled = [(str(p["name"]), int(p.get("weight", 1))) for p in offered.plugins]
    at = {
        point: [each for each in enabled if each[0] in implementing]
        for point, implementing in offered.points.items()
    }
    return offered.profile(name, at)
