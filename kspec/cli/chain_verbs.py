"""Knows how a property that says `can` is answered, where the cluster's authorizers are said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kspec.report.results import Result

if TYPE_CHECKING:
    from kspec.ir.properties import Property
    from kspec.verify.access.chains import ByChain
    from kspec.verify.setting import Setting


NODES = (
    "what the Node authorizer says of nodes cannot be read symbolically:"
    ' set them aside, by !("system:nodes" in s.groups)'
)


class ChainVerbs:
    """Answers the properties of some objects that say `can`, by a chain of authorizers."""

    def __init__(
        self, chain: Sequence[Mapping[str, Any]], cluster: Mapping[str, Any], setting: Setting
    ) -> None:
        from kspec.runtime.rulebook import load_rulebook
        from kspec.verify.access.chains import Chains

        self._chains = Chains(chain, cluster, setting, load_rulebook())

    def read(self, prop: Property) -> ByChain | Result | None:
        """The property as one about the chain; None if it does not ask; a result if it cannot be told."""
        from kspec.verify.access.chains import NotTold

        try:
            found = self._chains.rewritten(prop)
        except NotTold as reason:
            return Result(prop.verb, prop.title, "unsupported", prop.span, str(reason))
        return found if found.asked else None

    def told(self, result: Result, by_chain: ByChain) -> Result:
        """The result of the property that was read: with the answers of webhooks that break it, and what a
        proof rests on.
        """
        variables = {name for asking in by_chain.asked for name in asking.heard.values()}
        if result.witness is not None and variables:
            values = result.witness.values
            unasked = self._chains.never_asked(by_chain, values)
            if unasked:
                reason = f"it hangs on for whom the match conditions of {unasked} hold"
                return Result(result.verb, result.title, "unknown", result.span, reason, stats=result.stats)
            answers = "; ".join(self._chains.answers(by_chain, values))
            kept = {name: value for name, value in values.items() if name not in variables}
            witness = replace(result.witness, values=kept)
            result = replace(
                result, witness=witness, reason="; ".join(filter(None, [result.reason, answers]))
            )
        if result.verdict == "unsupported" and self._chains.has_node:
            reason = f"{result.reason}; {NODES}"
            return replace(result, reason=reason)
        own = [a for a in result.assumptions if not a.startswith(tuple(f"`{v}`" for v in variables))]
        if result.verdict == "holds":
            own += [f"the authorizers are {self._chains}, in this order", *self._chains.assumed()]
        return replace(result, assumptions=tuple(own))
