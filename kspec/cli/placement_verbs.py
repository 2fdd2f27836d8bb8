"""Knows how a property that asks about placement is answered, and the answer as a result."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kspec.cli.inputs import Inputs
from kspec.report.results import Result
from kspec.solve.verdict import Stats

if TYPE_CHECKING:
    from kspec.ir.properties import Property
    from kspec.verify.placement.answer import Answer
    from kspec.verify.placement.source import Source

VERBS = {
    "scheduling/placeable": "possible",
    "scheduling/survivesNodes": "lose-nodes",
    "scheduling/survivesZone": "lose-zone",
    "scheduling/neverTogether": "together",
    "scheduling/neverPending": "pending",
    "scheduling/neverEvicted": "evicted",
    "scheduling/neverSkewed": "skew",
}
"""The functions of the rules that stand for a question."""


def question_of(prop: Property) -> tuple[str, list[object]] | None:
    """The question that a property is, with its arguments; None if it is none."""
    from kspec.ir.nodes import Apply, Lit

    holds = prop.holds
    if not isinstance(holds, Apply) or holds.rule not in VERBS or prop.verb != "prove":
        return None
    if prop.quantifiers or prop.temporal or prop.given is not None:
        return None
    if not all(isinstance(a, Lit) for a in holds.args):
        return None
    return VERBS[holds.rule], [a.value for a in holds.args if isinstance(a, Lit)]


def speaks_of_placement(prop: Property) -> bool:
    """Is such a question anywhere in the formula?"""
    from kspec.ir.nodes import Apply
    from kspec.ir.walk import subexpressions

    return any(isinstance(node, Apply) and node.rule in VERBS for node in subexpressions(prop.holds))


class PlacementVerbs:
    """Answers the properties of some inputs that ask about placement; what all of them need is made once."""

    def __init__(self, inputs: Inputs, timeout: float) -> None:
        self._inputs = inputs
        self._timeout = timeout
        self._source: Source | None = None
        self._assumed: tuple[str, ...] = ()

    def result(self, prop: Property, on_step: Callable[[str], None]) -> Result | None:
        """The result, if the property is such a question."""
        asked = question_of(prop)
        if asked is None:
            if not speaks_of_placement(prop):
                return None
            reason = "a question about placement is decided where it is the whole of a `prove`"
            return Result(prop.verb, prop.title, "unsupported", prop.span, reason)
        answer = self._answer(*asked, on_step)
        assumed = (*self._assumed, *answer.assumptions) if answer.verdict == "holds" else ()
        stats = Stats(seconds=answer.seconds)
        reason = "" if answer.verdict == "holds" else reason_of(answer)
        return Result(prop.verb, prop.title, answer.verdict, prop.span, reason, None, assumed, (), stats)

    def _answer(self, question: str, args: list[object], on_step: Callable[[str], None]) -> Answer:
        from kspec.verify.placement.ask import ask_loss_of_domain, ask_loss_of_nodes, ask_possible
        from kspec.verify.placement.never import ask_never, parsed

        source = self._made()
        if question == "possible":
            return ask_possible(source, self._timeout, on_step)
        if question == "lose-nodes":
            return ask_loss_of_nodes(source, _whole(args[0]), self._timeout, on_step)
        if question == "lose-zone":
            key = str(source.demands.call("failureDomain"))
            return ask_loss_of_domain(source, key, self._timeout, on_step)
        text = f"{question}={','.join(str(a) for a in args)}"
        return ask_never(source, parsed(text, source), self._timeout, on_step)

    def _made(self) -> Source:
        from kspec.cli.inputs import check_size
        from kspec.cli.placement import placing

        if self._source is None:
            check_size(self._inputs.workspace)
            made = placing(self._inputs, None, self._timeout)
            self._source, self._assumed = made.source, made.assumptions
        return self._source


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def reason_of(answer: Answer) -> str:
    """The answer in a line: what contradicts each other, with its places, or what comes about."""
    said = [f"{r.text} ({r.place})" if r.place else r.text for r in answer.reasons]
    said += list(answer.choices)
    said += [n for n in answer.notes if answer.verdict == "violated"]
    return f"{answer.headline}: {'; '.join(said)}" if said else answer.headline
