"""Knows how a KubeSchedulerConfiguration file becomes profiles, and everything that is wrong with one.

Which plug-ins there are, how lists are merged, what arguments default to and which are valid are rules and
data; here stands how they are brought together, and at which line of the file a mistake is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from kspec.ir.types import Record, TypeTable
from kspec.model.defaults import Defaults
from kspec.model.profile import Catalogue, FilterPlugin, Profile
from kspec.model.rules import RuleSet, call_function
from kspec.resources.configurations import Configuration
from kspec.resources.decode import Path, decode
from kspec.source import Diagnostic, Severity, Span, has_errors

KIND, API_VERSION = "KubeSchedulerConfiguration", "kubescheduler.config.k8s.io/v1"
RECORD = "scheduling.KubeSchedulerConfiguration"
PROFILE_RECORD = "scheduling.KubeSchedulerProfile"
VERSION, UNKNOWN_FIELD, SKIPPED = "KS2604", "KS2501", "KS2612"
UNKNOWN, INVALID, NO_WEIGHT, SECOND = "KS2701", "KS2702", "KS2703", "KS2704"
UNMODELLED, NO_POINT, TWICE = "KS2705", "KS2706", "KS2707"
BEFORE = (("filter", "preFilter"), ("score", "preScore"))
"""A plug-in that is asked at the first must have been asked at the second, if it can be."""


def scheduler_profiles(
    configuration: Configuration, offered: Catalogue, rules: RuleSet, table: TypeTable
) -> tuple[tuple[Profile, ...], list[Diagnostic]]:
    """The profiles that the file makes of what is offered, and every mistake in it; with an error, none."""
    reading = _Reading(configuration, with_own_plugins(offered, rules), rules, table)
    profiles = reading.profiles()
    return (() if has_errors(reading.mistakes) else profiles), reading.mistakes


def with_own_plugins(offered: Catalogue, rules: RuleSet) -> Catalogue:
    """With the filters and scores of the rules that Kubernetes does not have: a user's own."""
    filters = {r.name: FilterPlugin(r.name) for r in rules.of_kind("filter") if r.name not in offered.filters}
    scores = {r.name: ("none", "", "") for r in rules.of_kind("score") if r.name not in offered.scores}
    points = {
        **offered.points,
        "filter": (*offered.points.get("filter", ()), *filters),
        "score": (*offered.points.get("score", ()), *scores),
    }
    return replace(
        offered, filters={**offered.filters, **filters}, scores={**offered.scores, **scores}, points=points
    )


class _Reading:
    def __init__(
        self, configuration: Configuration, offered: Catalogue, rules: RuleSet, table: TypeTable
    ) -> None:
        self.configuration = configuration
        self.offered = offered
        self.rules = rules
        self.table = table
        self.defaults = Defaults(table, rules)
        self.mistakes: list[Diagnostic] = []
        self.known = sorted({p for its in offered.points.values() for p in its})

    def profiles(self) -> tuple[Profile, ...]:
        if self.configuration.api_version != API_VERSION:
            message = f"{KIND} is not served in `{self.configuration.api_version}`"
            self.tell(VERSION, message, ("apiVersion",), f"write `apiVersion: {API_VERSION}`")
            return ()
        value, mistakes = decode(self.configuration.value, Record(RECORD), self.table, self.configuration)
        self.mistakes += mistakes
        if has_errors(mistakes):
            return ()
        self.check(RECORD, value, ())
        if value.get("extenders"):
            message = "what extenders say is not modelled: they are left out"
            self.tell(UNMODELLED, message, ("extenders",), severity=Severity.WARNING)
        written = value.get("profiles") or [{}]
        return tuple(
            self.profile(each, ("profiles", i), len(written), value) for i, each in enumerate(written)
        )

    def profile(
        self, written: Mapping[str, Any], path: Path, number: int, whole: Mapping[str, Any]
    ) -> Profile:
        self.check(PROFILE_RECORD, written, path)
        plugins = written.get("plugins") or {}
        for point, its in plugins.items():
            self.check_set(point, its, (*path, "plugins", point))
        at = self.effective(plugins)
        self.check_points(at, plugins, (*path, "plugins"))
        name = self.function("profileName", written, number)
        percentage = written.get("percentageOfNodesToScore", whole.get("percentageOfNodesToScore"))
        return self.offered.profile(name, at, self.settings(written, path), name, percentage)

    def effective(self, plugins: Mapping[str, Any]) -> dict[str, list[tuple[str, int]]]:
        """Which plug-ins are asked at each point, in order, with their weights."""
        points = [{"point": p, "plugins": list(its)} for p, its in self.offered.points.items()]
        made = self.function("effectivePlugins", list(self.offered.plugins), plugins, points)
        return {each["point"]: [(p["name"], int(p["weight"])) for p in each["plugins"]] for each in made}

    # ------------------------------------------------------------ plug-ins

    def check_set(self, point: str, its: Mapping[str, Any], path: Path) -> None:
        for part in ("enabled", "disabled"):
            seen: set[str] = set()
            for i, plugin in enumerate(its.get(part) or ()):
                name, where = str(plugin.get("name", "")), (*path, part, i)
                if name == "*" and part == "disabled":
                    continue
                if name in seen:
                    self.tell(TWICE, f"`{name}` stands here twice", where, "delete one")
                seen.add(name)
                self.check_plugin(name, point, part, where)
                if part == "enabled" and plugin.get("weight") == 0 and point in ("score", "multiPoint"):
                    message = f"to kube-scheduler the weight 0 of `{name}` is 1"
                    help_ = f"write {name} under `disabled` to leave its score out"
                    self.tell(NO_WEIGHT, message, (*where, "weight"), help_, Severity.WARNING)

    def check_plugin(self, name: str, point: str, part: str, where: Path) -> None:
        if name not in self.known:
            successor = self.function("withdrawnPlugins").get(name)
            help_ = f"{successor} has taken its place" if successor else _near(name, self.known)
            severity = Severity.ERROR if part == "enabled" else Severity.WARNING
            self.tell(UNKNOWN, f"there is no plug-in `{name}`", (*where, "name"), help_, severity)
        elif part == "enabled" and point != "multiPoint" and name not in self.offered.points[point]:
            there = [p for p, its in self.offered.points.items() if name in its]
            help_ = f"it does something at {', '.join(there)}"
            self.tell(NO_POINT, f"`{name}` does nothing at {point}", (*where, "name"), help_)

    def check_points(
        self, at: Mapping[str, Sequence[tuple[str, int]]], plugins: Mapping[str, Any], path: Path
    ) -> None:
        """What of a choice of plug-ins the model cannot follow."""
        for point, implementing in self.offered.points.items():
            lost = {p for p in implementing if p in self.offered.needed} - _first(at[point])
            if lost:
                message = f"{', '.join(sorted(lost))} is not asked at {point}, which is not modelled"
                self.tell(UNMODELLED, message, self.blamed(plugins, path, point), "enable it")
        for point, before in BEFORE:
            lost = _first(at[point]) & set(self.offered.points[before]) - _first(at[before])
            if lost:
                names = ", ".join(sorted(lost))
                message = f"{names}: asked at {point} but not at {before}, which is not modelled"
                self.tell(UNMODELLED, message, self.blamed(plugins, path, before), "enable it at both")

    def blamed(self, plugins: Mapping[str, Any], path: Path, point: str) -> Path:
        return (*path, point) if point in plugins else (*path, "multiPoint") if plugins else path[:-1]

    # ------------------------------------------------------------ arguments

    def settings(self, written: Mapping[str, Any], path: Path) -> dict[str, object]:
        """The arguments of every plug-in that takes any."""
        found: dict[str, object] = dict(self.offered.settings)
        seen: set[str] = set()
        for i, each in enumerate(written.get("pluginConfig") or ()):
            name, where = str(each.get("name", "")), (*path, "pluginConfig", i)
            if name in seen:
                self.tell(TWICE, f"`{name}` is configured twice", where, "delete one")
            seen.add(name)
            if name not in self.offered.settings:
                self.no_arguments(name, where)
            elif each.get("args") is not None:
                found[name] = self.arguments(name, each["args"], (*where, "args"))
        return found

    def no_arguments(self, name: str, where: Path) -> None:
        if name in self.known:
            message = f"`{name}` takes no arguments"
            self.tell(UNKNOWN_FIELD, message, where, "delete them", Severity.WARNING)
        else:
            self.check_plugin(name, "multiPoint", "enabled", where)

    def arguments(self, name: str, args: Any, path: Path) -> object:
        record = f"scheduling.{name}Args"
        inside = _Inside(self.configuration, path)
        value, mistakes = decode(args, Record(record), self.table, inside)
        self.mistakes += mistakes
        if has_errors(mistakes):
            return {}
        for field, wanted in (("kind", f"{name}Args"), ("apiVersion", API_VERSION)):
            if value.get(field, wanted) != wanted:
                self.tell(INVALID, f"{field}: must be {wanted} here", (*path, field), "or delete it")
        whole: Any = self.defaults.applied(record, value, lambda rule, obj: call_function(rule, obj))
        self.check(record, whole, path)
        return whole

    # ------------------------------------------------------------ mistakes

    def check(self, record: str, value: Mapping[str, Any], path: Path) -> None:
        """What the rules find wrong with a value of this type."""
        for rule in self.rules.about("validate", record):
            for finding in call_function(rule, value):
                field = str(finding.get("field", ""))
                reason = str(finding.get("reason", ""))
                self.tell(INVALID, f"{field}: {reason}", (*path, *steps_of(field)))

    def function(self, name: str, *args: object) -> Any:
        return call_function(self.rules.function(f"scheduling/{name}"), *args)

    def tell(
        self, code: str, message: str, path: Path, help_: str = "", severity: Severity = Severity.ERROR
    ) -> None:
        span = self.configuration.locate(path)
        self.mistakes.append(Diagnostic(code, message, span, severity, help_, path=path))


class _Inside:
    """The places of a part of a file."""

    def __init__(self, configuration: Configuration, base: Path) -> None:
        self.configuration, self.base = configuration, base

    def locate(self, path: Path) -> Span:
        return self.configuration.locate(self.base + path)

    def locate_key(self, path: Path) -> Span:
        return self.configuration.locate_key(self.base + path)


def steps_of(field: str) -> Path:
    """The path that `a.b[0].c` means."""
    return tuple(int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]]+", field))


def _near(name: str, known: Sequence[str]) -> str:
    found = get_close_matches(name, known, n=1)
    return f"did you mean `{found[0]}`?" if found else f"there are {', '.join(known)}"


def _first(pairs: Iterable[tuple[str, int]]) -> set[str]:
    return {name for name, _ in pairs}


def scheduler_configurations(found: Iterable[Configuration]) -> tuple[Configuration | None, list[Diagnostic]]:
    """The one that configures the scheduler; a second one is a mistake. Of others it is said that they are
    left alone.
    """
    every = [*found]
    own = [each for each in every if each.kind == KIND]
    notes = [
        Diagnostic(
            SKIPPED, f"{o.kind} is not modelled and was left alone", o.locate(("kind",)), Severity.NOTE
        )
        for o in every
        if o.kind != KIND
    ]
    return (own[0] if own else None), [*_seconds(own), *notes]


def _seconds(own: Sequence[Configuration]) -> Iterator[Diagnostic]:
    for each in own[1:]:
        first = (own[0].locate(("kind",)), "the first is here")
        message = "there are two configurations of the scheduler"
        yield Diagnostic(SECOND, message, each.locate(("kind",)), help="leave out one", notes=(first,))
