"""Knows how a property that speaks of escalation is answered: with the requests that lead there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from kspec.report.results import Result

if TYPE_CHECKING:
    from kspec.ir.properties import ExpectCase, Property
    from kspec.resources.decode import Path
    from kspec.resources.objects import KubeObject
    from kspec.solve.verdict import Witness
    from kspec.source import Span
    from kspec.verify.access.comers import Comer
    from kspec.verify.access.escalation import Step
    from kspec.verify.access.policy import Policy
    from kspec.verify.access.verbs import Escalates, Rewritten, Said
    from kspec.verify.cluster import Defaulting
    from kspec.verify.setting import Setting

LOST_MAX = 5


@dataclass(frozen=True, slots=True)
class Whole:
    """The one place that is known of an object, whatever of it is asked for."""

    span: Span

    def locate(self, path: Path) -> Span:
        return self.span

    def locate_key(self, path: Path) -> Span:
        return self.span


class AccessVerbs:
    """Answers the properties of some objects that speak of escalation."""

    def __init__(self, objects: Sequence[KubeObject], cluster: Mapping[str, Any], setting: Setting) -> None:
        self._objects, self._cluster, self._setting = objects, cluster, setting
        self._made: tuple[Policy, Escalates] | None = None

    def within(self, case: ExpectCase, defaulting: Defaulting) -> AccessVerbs:
        """The same with the objects of a case added, as if they were applied."""
        from kspec.resources.objects import ObjectReader
        from kspec.verify.cluster import with_objects

        table = self._setting.table
        reader = ObjectReader(table)
        objects = {o.key: o for o in self._objects}
        for raw in case.objects:
            made, _ = reader.read(raw, Whole(case.span))
            if made is not None:
                objects[made.key] = made
        cluster = with_objects(self._cluster, case.objects, table, defaulting)
        return AccessVerbs(list(objects.values()), cluster, self._setting)

    def read(self, prop: Property) -> Rewritten | Result | None:
        """The property as one that the solver can be asked; None if it does not speak of escalation; a result
        if it cannot be told.
        """
        from kspec.verify.access.comers import NotWorkedOut
        from kspec.verify.access.verbs import speaks_of_escalation

        if not speaks_of_escalation(prop):
            return None
        try:
            return self._verbs()[1].rewritten(prop)
        except NotWorkedOut as reason:
            return Result(prop.verb, prop.title, "unsupported", prop.span, str(reason))

    def told(self, result: Result, read: Rewritten) -> Result:
        """The result of the property that was read, with what it rests on, and the ways of its witness."""
        from kspec.verify.access.escalation import assumptions
        from kspec.verify.access.verbs import LEVEL

        policy, _ = self._verbs()
        ways = [] if result.witness is None else list(self._ways(result.witness, read))
        lost = sorted({f"{b.ref.get('kind')} {b.ref.get('name')}" for b in policy.dangling})
        surely = len(ways) == len(read.said) and all(comer is not None for _, _, comer in ways)
        if lost and result.verdict in ("holds", "violated") and not surely:
            reason = f"it is not known what these roles allow, which are bound: {', '.join(lost[:LOST_MAX])}"
            return Result(result.verb, result.title, "unknown", result.span, reason, stats=result.stats)
        reason = "; ".join(filter(None, [result.reason, *(_way(*way) for way in ways)]))
        rests = ("only RBAC grants", *assumptions(policy, LEVEL)) if result.verdict == "holds" else ()
        return replace(result, reason=reason, assumptions=(*result.assumptions, *rests))

    def _ways(
        self, witness: Witness, read: Rewritten
    ) -> Iterator[tuple[Said, Mapping[str, Any], Comer | None]]:
        """What each `escalates` is for a witness, and why; but for those about the variable of a loop."""
        from kspec.ir.evaluate import evaluate
        from kspec.ir.walk import free_variables

        env = {"cluster": self._cluster, **witness.values}
        for said in read.said:
            if free_variables(said.who) - env.keys():
                continue
            who = evaluate(said.who, env, self._setting.rules)
            assert isinstance(who, dict)
            yield said, who, said.target.comer(who)

    def _verbs(self) -> tuple[Policy, Escalates]:
        from kspec.runtime.rulebook import load_rulebook
        from kspec.verify.access.configuration import chain_of_modes
        from kspec.verify.access.policy import Policy
        from kspec.verify.access.verbs import Escalates

        if self._made is None:
            book = load_rulebook()
            policy = Policy(self._objects, self._cluster, chain_of_modes("RBAC", book, ()), book)
            self._made = policy, Escalates(policy, self._setting)
        return self._made


def _way(said: Said, who: Mapping[str, Any], comer: Comer | None) -> str:
    """`jane comes to get secrets: as jane, kubectl …; as sa:ci/robot, kubectl …`."""
    from kspec.report.escalate import show_user

    name = show_user(str(who.get("user") or "")) or "someone"
    if comer is None:
        return f"{name} does not come to {said.target.text}"
    steps = [_step(step, name) for step in comer.path.shown]
    assumed = "".join(f", if {a}" for a in comer.path.assumed)
    return f"{name} comes to {said.target.text}: {', then '.join(steps)}{assumed}"


def _step(step: Step, name: str) -> str:
    from kspec.report.escalate import show_identity
    from kspec.verify.access.words import SOMEONE

    if step.actor is None:
        return step.how
    actor = name if step.actor.name == SOMEONE else show_identity(step.actor)
    bound = dict.fromkeys(g.binding for m in step.requests for g in m.grants[:1])
    by = ", ".join(f"{b}{f' at {b.place}' if b.place else ''}" for b in bound)
    return f"as {actor} {step.how} ({by})" if by else f"as {actor} {step.how}"
