"""Knows how roles and bindings are reviewed, with the default roles beside them, and what a finding says."""

from __future__ import annotations

from collections.abc import Iterator

from kspec.cli.inputs import Inputs
from kspec.report.analysis import PROVED, SHOWN, Finding
from kspec.report.escalate import show_user
from kspec.report.style import plural
from kspec.source import Severity
from kspec.verify.access.edges import call
from kspec.verify.access.escalation import CLUSTER_ADMIN, Escalation
from kspec.verify.access.inclusion import includes
from kspec.verify.access.policy import Binding, Policy

MISSING_ROLE, MISSING_ACCOUNT = "KS4101", "KS4102"
SUPERFLUOUS_RULE, SUPERFLUOUS_BINDING, UNBOUND = "KS4103", "KS4104", "KS4105"
ESCALATES = "KS4106"
CLIMBERS_MAX = 50


class Reviewed:
    """The roles and bindings of some manifests, and the policy that they make with the default ones."""

    def __init__(self, inputs: Inputs) -> None:
        from kspec.cli.policy import DEFAULT_MODES, bootstrap_objects
        from kspec.runtime.rulebook import load_rulebook
        from kspec.verify.access.configuration import chain_of_modes
        from kspec.verify.cluster import cluster_of

        table = inputs.library.types(inputs.workspace.table)
        self.table = table
        own = {o.key: o for o in inputs.workspace.objects}
        objects = {o.key: o for o in bootstrap_objects(table)} | own
        known = [o for o in objects.values() if o.kind is not None and o.decoded is not None]
        cluster = cluster_of(((o.kind.record, o.decoded) for o in known if o.kind and o.decoded), table)
        book = load_rulebook()
        self.policy = Policy(known, cluster, chain_of_modes(DEFAULT_MODES, book, ()), book)
        self.roles = [r for r in self.policy.roles if r.written.key in own]
        self.bindings = [b for b in self.policy.bindings if b.written.key in own]
        self.assumed = ("the default roles and bindings are there",) if self.roles or self.bindings else ()


def missing_roles(reviewed: Reviewed) -> Iterator[Finding]:
    for binding in reviewed.bindings:
        if binding in reviewed.policy.dangling:
            name = f"{binding.ref.get('kind')} {binding.ref.get('name')}"
            yield Finding(
                MISSING_ROLE,
                Severity.WARNING,
                f"{binding} is to a role that is not there: {name}",
                binding.written.locate(("roleRef",)),
                SHOWN,
                reason="it grants nothing, until somebody makes such a role",
                subject=str(binding),
            )


def missing_accounts(reviewed: Reviewed) -> Iterator[Finding]:
    """Only in namespaces of which service accounts are at hand: of the others nothing is known."""
    accounts = {
        (str(a["metadata"].get("namespace") or ""), str(a["metadata"]["name"]))
        for a in reviewed.policy.cluster.get("serviceAccounts") or ()
    }
    known = {namespace for namespace, _ in accounts}
    bound = call("accountsBound")
    for binding in reviewed.bindings:
        for place, subject in enumerate(binding.subjects):
            for text in bound({"namespace": binding.namespace, "subjects": [subject]}):
                namespace, _, name = text.partition(":")
                if namespace in known and (namespace, name) not in accounts and name != "default":
                    yield Finding(
                        MISSING_ACCOUNT,
                        Severity.WARNING,
                        f"{binding} is for a service account that is not there: {namespace}/{name}",
                        binding.written.locate(("subjects", place)),
                        SHOWN,
                        reason=f"other service accounts of namespace {namespace} are",
                        subject=str(binding),
                    )


def superfluous_rules(reviewed: Reviewed) -> Iterator[Finding]:
    for role in reviewed.roles:
        left = dict(enumerate(role.rules))
        for place, rule in reversed(list(enumerate(role.rules))):
            others = [r for n, r in left.items() if n != place]
            span = role.origins[place].span
            if others and span is not None and includes(others, [rule], not role.namespace):
                del left[place]
                yield Finding(
                    SUPERFLUOUS_RULE,
                    Severity.WARNING,
                    f"rule {place + 1} of {role} allows nothing that its other rules do not",
                    span,
                    PROVED,
                    reason="every request that it allows is allowed by another",
                    subject=str(role),
                )


def superfluous_bindings(reviewed: Reviewed) -> Iterator[Finding]:
    """A binding whose subjects all have its rules by one other binding, where it holds."""
    gone: set[Binding] = set()
    for binding in reversed(reviewed.bindings):
        other = next((b for b in reviewed.policy.bindings if b not in gone and covers(b, binding)), None)
        if other is None:
            continue
        gone.add(binding)
        yield Finding(
            SUPERFLUOUS_BINDING,
            Severity.WARNING,
            f"{binding} grants nothing that {other} does not",
            binding.span,
            PROVED,
            reason="all its subjects may do all of it already",
            subject=str(binding),
            notes=((other.span, f"{other} grants it"),),
        )


def covers(wide: Binding, narrow: Binding) -> bool:
    """Does one binding give all that the other gives, to all of its subjects?"""
    if wide is narrow or wide.role is None or narrow.role is None or not narrow.subjects:
        return False
    if wide.namespace not in ("", narrow.namespace):
        return False
    holder = call("holderOf")
    whom = [holder(s, wide.namespace) for s in wide.subjects]
    if not all(holder(s, narrow.namespace) in whom for s in narrow.subjects):
        return False
    return wide.role is narrow.role or includes(wide.role.rules, narrow.role.rules, not narrow.namespace)


def unbound(reviewed: Reviewed) -> Iterator[Finding]:
    """A role that nobody is bound to, and that no other gathers."""
    used = {b.role for b in reviewed.policy.bindings}
    gathered = {
        o.written.key for r in reviewed.policy.roles for o in r.origins if o.written and o.name != r.name
    }
    for role in reviewed.roles:
        if role not in used and role.written.key not in gathered:
            yield Finding(
                UNBOUND,
                Severity.NOTE,
                f"{role} is bound to nobody",
                role.span,
                SHOWN,
                reason="no binding at hand refers to it",
                subject=str(role),
            )


def escalating(reviewed: Reviewed) -> Iterator[Finding]:
    """The subjects at hand who come to be cluster-admin, at the rule that lets them begin."""
    if not reviewed.bindings:
        return
    places = {r.span.file.path for r in reviewed.roles} | {b.span.file.path for b in reviewed.bindings}
    found = Escalation(reviewed.policy, "privileged").climbers(
        CLUSTER_ADMIN, CLIMBERS_MAX, told_built_in=False
    )
    for climber in found.climbers:
        if climber.path is None:
            continue
        first = next(m for s in climber.path.shown for m in s.requests)
        grant = next(iter(first.grants), None)
        if grant is None or grant.binding.span.file.path not in places:
            continue
        ways = "; then ".join(s.how for s in climber.path.shown)
        assumed = f"; assumed: {'; '.join(climber.path.assumed)}" if climber.path.assumed else ""
        name = f"{climber.kind} {show_user(climber.name)}"
        yield Finding(
            ESCALATES,
            Severity.WARNING,
            f"{name} can come to be cluster-admin, by {plural(climber.path.requests, 'request')}",
            grant.origin.span or grant.binding.span,
            SHOWN,
            reason=ways,
            subject=str(grant.role),
            help=f"`kspec escalate` shows each request, and what allows it{assumed}",
            notes=((grant.binding.span, f"{grant.binding} grants it"),),
        )
