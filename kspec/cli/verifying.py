"""Knows how a workspace's properties are decided one after another, and reported."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from time import monotonic
from typing import TYPE_CHECKING, Any

from kspec.cli.access_verbs import AccessVerbs
from kspec.cli.inputs import Inputs
from kspec.cli.placement_verbs import PlacementVerbs
from kspec.report.results import Report, Result, result_of, result_of_case
from kspec.source import Diagnostic, DiagnosticError

if TYPE_CHECKING:
    from kspec.cli.chain_verbs import ChainVerbs
    from kspec.cli.policy import PolicyOptions
    from kspec.ir.properties import Property
    from kspec.ir.types import TypeTable
    from kspec.verify.access.chains import ByChain
    from kspec.verify.cluster import Defaulting, Sharing
    from kspec.verify.setting import Setting

CULPRITS_MAX = 5
NO_PROPERTIES, NO_SUCH_TITLE = "KS1908", "KS1909"


class Verification:
    """The properties of some inputs, and all that deciding them needs."""

    def __init__(
        self,
        inputs: Inputs,
        timeout: float,
        bootstrap: bool = False,
        policy: PolicyOptions | None = None,
        sharing: Sharing | None = None,
    ) -> None:
        """`policy`: the authorizers, where they are said; RBAC alone where they are not. `sharing`: with the
        clusters of other inputs.
        """
        from kspec.cli.policy import bootstrap_objects
        from kspec.verify.choices import Choosing
        from kspec.verify.cluster import cluster_of, settled
        from kspec.verify.foreign import foreign
        from kspec.verify.setting import standard_setting

        self.workspace, self.inputs = inputs.workspace, inputs
        self.placement = PlacementVerbs(inputs, timeout)
        table = inputs.library.types(inputs.workspace.table)
        self.setting: Setting = standard_setting(table, inputs.workspace.rules, timeout)
        self.defaulting: Defaulting = defaulting_of(inputs)
        objects = {o.key: o for o in (bootstrap_objects(table) if bootstrap else ())}
        objects |= {o.key: o for o in self.workspace.objects}
        known = ((o.kind.record, o.decoded) for o in objects.values() if o.kind and o.decoded)
        others = foreign((o.value for o in self.workspace.objects), table)
        self.choosing = Choosing(inputs.choices, table)
        at_hand = settled(cluster_of(chain(known, others), table, self.defaulting, sharing=sharing))
        self.cluster: Mapping[str, Any] = self.choosing.within(at_hand)
        self.access = AccessVerbs(list(objects.values()), at_hand, self.setting)
        self.chain = chain_of(policy, table, at_hand, self.setting)

    def report(self, properties: Sequence[Property], on_property: Callable[[str], None]) -> Report:
        """Decide them all, in order."""
        began = monotonic()
        results = [r for p in properties for r in self._results(p, on_property)]
        custom = {f"{kind} ({version})": n for (version, kind), n in self.workspace.unmodelled.items()}
        count = len(self.workspace.objects)
        return Report(tuple(results), self.workspace.version, count, custom, monotonic() - began)

    def _results(self, prop: Property, on_property: Callable[[str], None]) -> Iterator[Result]:
        from kspec.verify.choices import taken_for_granted
        from kspec.verify.properties import verify_expects, verify_property

        on_property(prop.title)
        placed = self.placement.result(prop, lambda step: None)
        if placed is not None:
            yield placed
            yield from self._open_cases(prop, "placement")
            return
        by_chain = None if self.chain is None else self.chain.read(prop)
        if isinstance(by_chain, Result):
            yield by_chain
            yield from self._open_cases(prop, "webhooks")
            return
        meant = prop if by_chain is None else by_chain.prop
        read = self.access.read(meant)
        if isinstance(read, Result):
            yield read
            yield from self._open_cases(prop, "escalation")
            return
        self.choosing.rested_on()
        granted = taken_for_granted(prop.holds, self.workspace.rules.by_id(), self.inputs.choices)
        asked = meant if read is None else read.prop
        verdict = verify_property(asked, self.cluster, self.setting)
        result = self._told(result_of(prop.verb, prop.title, prop.span, verdict), by_chain, granted)
        if read is not None:
            yield self.access.told(result, read)
            yield from self._escalating_cases(meant)
            return
        blamed = not (prop.quantifiers or by_chain) and result.verdict == "violated"
        yield self._blamed(result, prop) if blamed else result
        for came in verify_expects(meant, self.cluster, self.setting, self.defaulting):
            case = came.case
            made = result_of_case(prop.title, case.span, case.verdict, case.objects, came.verdict)
            yield self._told(made, by_chain)

    def _told(self, result: Result, by_chain: ByChain | None, granted: tuple[str, ...] = ()) -> Result:
        """The result with all that it rests on, and what webhooks say in its witness."""
        rested = self._resting(result, granted)
        return rested if by_chain is None or self.chain is None else self.chain.told(rested, by_chain)

    def _open_cases(self, prop: Property, about: str) -> Iterator[Result]:
        """The cases of a property whose verbs are not asked again with other objects."""
        from kspec.solve.verdict import Unsupported

        open_ = Unsupported(f"what a question about {about} comes to with other objects is not looked at")
        for case in prop.expects:
            yield result_of_case(prop.title, case.span, case.verdict, case.objects, open_)

    def _escalating_cases(self, prop: Property) -> Iterator[Result]:
        """The cases of a property that speaks of escalation, worked out anew with the objects of each."""
        from kspec.solve.verdict import Unsupported
        from kspec.verify.cluster import with_objects
        from kspec.verify.properties import verify_property

        for case in prop.expects:
            access = self.access.within(case, self.defaulting)
            read = access.read(prop)
            if read is None or isinstance(read, Result):
                why = Unsupported(read.reason if read else "")
                yield result_of_case(prop.title, case.span, case.verdict, case.objects, why)
                continue
            cluster = with_objects(self.cluster, case.objects, self.setting.table, self.defaulting)
            verdict = verify_property(read.prop, cluster, self.setting)
            made = result_of_case(prop.title, case.span, case.verdict, case.objects, verdict)
            yield access.told(self._resting(made), read)

    def asked(self, prop: Property) -> Property:
        """The property as the solver is asked."""
        by_chain = None if self.chain is None else self.chain.read(prop)
        meant = prop if by_chain is None or isinstance(by_chain, Result) else by_chain.prop
        read = self.access.read(meant)
        return meant if read is None or isinstance(read, Result) else read.prop

    def _resting(self, result: Result, granted: tuple[str, ...] = ()) -> Result:
        """The result with what it takes for granted, and the options that were looked at for it."""
        return replace(result, assumptions=(*result.assumptions, *granted, *self.choosing.rested_on()))

    def _blamed(self, result: Result, prop: Property) -> Result:
        """Nothing was open: the reason names the members of a list that break it, if it is about a list."""
        from kspec.verify.culprits import culprits

        if result.witness is not None and result.witness.error:
            return result
        name, members = culprits(prop.holds, {"cluster": self.cluster}, self.setting.rules)
        if not members:
            return result
        shown = ", ".join(short(m) for m in members[:CULPRITS_MAX])
        more = f" and {len(members) - CULPRITS_MAX} more" if len(members) > CULPRITS_MAX else ""
        return replace(result, reason=f"of {name} = {shown}{more}")


def chain_of(
    policy: PolicyOptions | None, table: TypeTable, cluster: Mapping[str, Any], setting: Setting
) -> ChainVerbs | None:
    """The authorizers, if the options say what they are."""
    if policy is None or not policy.says_authorizers:
        return None
    from kspec.cli.apiserver import read_server
    from kspec.cli.chain_verbs import ChainVerbs
    from kspec.cli.policy import authorizers
    from kspec.runtime.rulebook import load_rulebook

    server = None if policy.apiserver is None else read_server(policy.apiserver)
    chain, _ = authorizers(policy, table, load_rulebook(), server)
    return ChainVerbs(chain, cluster, setting)


def short(value: object) -> str:
    """An object by kind and name; any other value as the language spells it."""
    from kspec.report.values import show_value

    metadata = value.get("metadata") if isinstance(value, dict) else None
    if isinstance(value, dict) and isinstance(metadata, dict) and metadata.get("name"):
        place = "/".join(str(metadata[k]) for k in ("namespace", "name") if metadata.get(k))
        return f"{value.get('kind', '')} {place}".strip()
    return show_value(value)


def defaulting_of(inputs: Inputs) -> Defaulting:
    """Applies the default rules, wherever in an object their types occur."""
    from kspec.cli.inputs import standard
    from kspec.model.defaults import Defaults
    from kspec.model.rules import call_function

    rules = standard(inputs).rules
    defaults = Defaults(inputs.library.types(inputs.workspace.table), rules)

    def applied(record: str, obj: dict[str, Any]) -> dict[str, Any]:
        return defaults.applied(record, obj, lambda rule, value: call_function(rule, value))

    return applied


def chosen(properties: Sequence[Property], only: Sequence[str]) -> list[Property]:
    """The properties whose title contains one of these texts; all without any. None at all is a mistake."""
    if not properties:
        help_ = 'add a .kspec file with one, such as: prove "…": forall p in pods: …'
        raise DiagnosticError([Diagnostic(NO_PROPERTIES, "there is no property in the input", help=help_)])
    missing = [o for o in only if not any(o.lower() in p.title.lower() for p in properties)]
    if missing:
        titles = ", ".join(f'"{p.title}"' for p in properties)
        raise DiagnosticError(
            [
                Diagnostic(NO_SUCH_TITLE, f'no property is called "{m}"', help=f"there are {titles}")
                for m in missing
            ]
        )
    return [p for p in properties if not only or any(o.lower() in p.title.lower() for o in only)]
