"""Knows how `escalates` is decided where it stands in the formula of a property: who comes to the request is
a constant of the cluster, so the call is replaced by what that says of its identity.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

from kspec.ir.evaluate import evaluate
from kspec.ir.nodes import And, Apply, Call, Expr, Field, Lit, Loop, Or
from kspec.ir.print import show_expr
from kspec.ir.properties import Property
from kspec.ir.types import BOOL, DYN, STRING, ListOf
from kspec.ir.walk import free_variables, may_fail, subexpressions, substitute_variables, transform
from kspec.runtime.values import EvalError
from kspec.source import InternalError
from kspec.verify.access.comers import Comer, NotWorkedOut, comers
from kspec.verify.access.edges import REQUEST_FIELDS, Power
from kspec.verify.access.escalation import GOAL, Escalation
from kspec.verify.access.nobody import reaches
from kspec.verify.access.policy import Policy
from kspec.verify.access.words import show_request
from kspec.verify.setting import Setting

VERB = "access/escalates"
JOINED: Mapping[str, tuple[Callable[[Expr, Expr], Expr], bool]] = {"all": (And, True), "exists": (Or, False)}
"""What a loop is, written out, and what it is of an empty list."""

LEVEL = "privileged"
"""What namespaces enforce of Pod Security that say nothing: nothing."""


@dataclass(frozen=True, slots=True)
class Target:
    """A request that is wanted, and all who come to it."""

    text: str
    question: Escalation
    comers: tuple[Comer, ...]

    @property
    def power(self) -> Power:
        return Power(GOAL, name=self.text)

    def comer(self, who: Mapping[str, Any]) -> Comer | None:
        """Why this identity comes to the request; None if it does not. Asked of the closure once more."""
        found = next((c for c in self.comers if c.covers(who)), None)
        identity = {"user": who.get("user") or "", "groups": list(who.get("groups") or ())}
        if reaches(self.question, identity, self.power) is not (found is not None):
            raise InternalError(f"the closure of {identity!r} and the least sets disagree about {self.text}")
        return found


@dataclass(frozen=True, slots=True)
class Said:
    """One `escalates` of a property: of whom, and what."""

    who: Expr
    target: Target


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A property without `escalates`, and what it said with it."""

    prop: Property
    said: tuple[Said, ...]


def speaks_of_escalation(prop: Property) -> bool:
    return any(isinstance(node, Apply) and node.rule == VERB for node in subexpressions(prop.holds))


class Escalates:
    """Replaces the verb in the properties of one policy; who comes to a request is worked out once."""

    def __init__(self, policy: Policy, setting: Setting) -> None:
        self.policy, self.setting = policy, setting
        self._targets: dict[tuple[str, ...], Target] = {}

    def rewritten(self, prop: Property) -> Rewritten:
        """The property with what the verb says; NotWorkedOut if that cannot be told."""
        said: list[Said] = []

        def change(node: Expr) -> Expr:
            if not isinstance(node, Apply) or node.rule != VERB:
                return node
            who, wanted = node.args
            if may_fail(who):
                raise NotWorkedOut(f"`{show_expr(who)}` may have no value")
            said.append(Said(who, self.target(wanted)))
            return _formula(who, said[-1].target.comers)

        holds = self._unrolled(prop.holds)
        return Rewritten(replace(prop, holds=transform(holds, change)), tuple(said))

    def _unrolled(self, expr: Expr) -> Expr:
        """The formula with its loops over lists at hand written out, where a request hangs on them."""

        def change(node: Expr) -> Expr:
            if not isinstance(node, Loop) or node.kind not in JOINED or len(node.variables) != 1:
                return node
            name = node.variables[0]
            asks = any(
                isinstance(n, Apply) and n.rule == VERB and name in free_variables(n.args[1])
                for n in subexpressions(node.body)
            )
            if not asks or free_variables(node.range) - {"cluster"}:
                return node
            members = self._members(node.range)
            element = node.range.type.element if isinstance(node.range.type, ListOf) else DYN
            turns = [substitute_variables(node.body, {name: Lit(m, element)}) for m in members]
            joined, empty = JOINED[node.kind]
            return reduce(joined, turns) if turns else Lit(empty, BOOL)

        return transform(expr, change)

    def _members(self, listed: Expr) -> Sequence[object]:
        """The members of a list that is at hand."""
        try:
            value = evaluate(listed, {"cluster": self.policy.cluster}, self.setting.rules)
        except EvalError as error:
            raise NotWorkedOut(f"`{show_expr(listed)}` has no value: {error.message}") from None
        return value if isinstance(value, list | tuple) else list(value)  # type: ignore[call-overload]

    def target(self, wanted: Expr) -> Target:
        """The request that an expression means, which must be the same for whatever is open."""
        if open_ := sorted(free_variables(wanted) - {"cluster"}):
            about = f"what `escalates` asks for hangs on `{open_[0]}`, which may be anything"
            raise NotWorkedOut(f"{about}: name it, or take it from a list by `.all` or `.exists`")
        try:
            value = evaluate(wanted, {"cluster": self.policy.cluster}, self.setting.rules)
        except EvalError as error:
            raise NotWorkedOut(f"`{show_expr(wanted)}` has no value: {error.message}") from None
        assert isinstance(value, dict)
        request = {name: str(value[name]) for name in REQUEST_FIELDS if value.get(name)}
        if "verb" not in request or "resource" not in request:
            raise NotWorkedOut("`escalates` asks for a `verb` on a `resource`, and both must be said")
        text = show_request({"resourceRequest": True, **request})
        key = tuple(request.get(name, "") for name in REQUEST_FIELDS)
        if key not in self._targets:
            question = Escalation(self.policy, LEVEL, {"resourceRequest": True, **request}, text)
            found = comers(question, Power(GOAL, name=text), self.setting.timeout)
            self._targets[key] = Target(text, question, found)
        return self._targets[key]


def _formula(who: Expr, found: Sequence[Comer]) -> Expr:
    """Has this identity one of the least sets?"""
    user, groups = Field(who, "user", STRING), Field(who, "groups", ListOf(STRING))
    sets: list[Expr] = []
    for comer in found:
        parts: list[Expr] = [Call("@in", (Lit(g, STRING), groups), BOOL) for g in comer.groups]
        if comer.user is not None:
            parts.insert(0, Call("_==_", (user, Lit(comer.user, STRING)), BOOL))
        sets.append(reduce(And, parts) if parts else Lit(True, BOOL))
    return reduce(Or, sets) if sets else Lit(False, BOOL)
