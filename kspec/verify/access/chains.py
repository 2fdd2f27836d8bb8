"""Knows how `can` is decided in a property where the authorizers of the cluster are said: by the whole chain,
for every behaviour of its webhooks.

A webhook is a function of the request. So each `can` of the property gets a variable for what each webhook
says to it, and two that ask the same get the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import combinations
from typing import Any

from kspec.ir.evaluate import evaluate
from kspec.ir.nodes import And, Apply, Call, Expr, Field, Lit, Loop, MakeList, Or, Var, With
from kspec.ir.print import show_expr
from kspec.ir.properties import Property, Quantifier
from kspec.ir.types import BOOL, DYN, STRING, ListOf, Record
from kspec.ir.walk import free_variables, subexpressions, substitute_variables, transform
from kspec.runtime.rulebook import Rulebook
from kspec.runtime.values import EvalError
from kspec.verify.access import foresight
from kspec.verify.access.conditions import compile_condition, outcomes
from kspec.verify.access.edges import call
from kspec.verify.access.webhooks import named
from kspec.verify.access.words import show_request
from kspec.verify.setting import Setting

VERB, BY_CHAIN, RESPONSES = "access/can", "access/canBy", "access/webhookResponses"
AUTHORIZER, HEARD, IDENTITY = (Record(f"access.{name}") for name in ("Authorizer", "Heard", "Identity"))
JOINED: Mapping[str, tuple[Callable[[Expr, Expr], Expr], bool]] = {"all": (And, True), "exists": (Or, False)}
"""What a loop is, written out, and what it is of an empty list."""
Authorizer = Mapping[str, Any]


class NotTold(Exception):
    """Why a property cannot be decided by the chain."""


@dataclass(frozen=True, slots=True)
class Asking:
    """One `can` of a property: its arguments, and by the place of a webhook in the chain the variable of what
    it says; `maybe` are those of which only the witness tells whether they are asked.
    """

    args: tuple[Expr, ...]
    heard: Mapping[int, str]
    maybe: frozenset[int]


@dataclass(frozen=True, slots=True)
class ByChain:
    """A property whose `can` means the chain."""

    prop: Property
    asked: tuple[Asking, ...]


def speaks_of_access(expr: Expr) -> bool:
    return any(isinstance(node, Apply) and node.rule == VERB for node in subexpressions(expr))


class Chains:
    """Puts a chain of authorizers in the place of RBAC, in the properties about one cluster."""

    def __init__(
        self, chain: Sequence[Authorizer], cluster: Mapping[str, Any], setting: Setting, book: Rulebook
    ) -> None:
        self.cluster, self.setting, self.book = cluster, setting, book
        self.chain = [{k: v for k, v in a.items() if k != "expressions"} for a in chain]
        self.conditions = [
            [
                compile_condition(t, f"<match condition of {a.get('name')}>")
                for t in a.get("expressions") or ()
            ]
            for a in chain
        ]
        self.webhooks = [n for n, a in enumerate(chain) if a.get("type") == "Webhook"]

    def __str__(self) -> str:
        return ", ".join(f"{named(a)}" if a["type"] == "Webhook" else str(a["type"]) for a in self.chain)

    @property
    def has_node(self) -> bool:
        return any(a.get("type") == "Node" for a in self.chain)

    def assumed(self) -> list[str]:
        """What a proof takes of the webhooks."""
        return [
            f"{named(self.chain[n])} gives any answer, the same to the same request" for n in self.webhooks
        ]

    def rewritten(self, prop: Property) -> ByChain:
        """The property by the chain; NotTold if it asks where a request cannot be told from another."""
        bound = {"cluster", *(q.name for q in prop.quantifiers)}
        asked: list[Asking] = []
        names: dict[str, Quantifier] = {}

        def change(node: Expr) -> Expr:
            if not isinstance(node, Apply) or node.rule != VERB:
                self.refuse_hidden(node)
                return node
            open_ = sorted(frozenset[str]().union(*map(free_variables, node.args)) - bound)
            if open_ and self.webhooks:
                raise NotTold(f"`{show_expr(node)}` stands in a loop over what is open, and webhooks decide")
            asking = self.asking(node.args[:-1], asked)
            asked.append(asking)
            names.update((n, Quantifier(n, HEARD, RESPONSES)) for n in asking.heard.values())
            return Apply(BY_CHAIN, (*node.args[:-1], self.said(asking), node.args[-1]), BOOL)

        holds = transform(self.unrolled(prop.holds), change)
        if names and prop.some:
            raise NotTold(
                "it says that someone exists, who may be another for each behaviour of the webhooks"
            )
        differing = [each for pair in combinations(asked, 2) for each in self.inconsistent(*pair)]
        holds = reduce(Or, differing, holds)
        quantifiers = (*prop.quantifiers, *names.values())
        return ByChain(replace(prop, holds=holds, quantifiers=quantifiers), tuple(asked))

    def refuse_hidden(self, node: Expr) -> None:
        """A function of the user's own that asks is not looked into."""
        if isinstance(node, Apply) and not node.rule.startswith("access/"):
            rule = self.setting.rules.get(node.rule)
            if rule is not None and speaks_of_access(rule.body):
                raise NotTold(
                    f"`can` is asked inside of `{node.rule.rpartition('/')[2]}`: ask it in the property"
                )

    def unrolled(self, expr: Expr) -> Expr:
        """The formula with its loops over lists at hand written out, where `can` hangs on them."""

        def change(node: Expr) -> Expr:
            if not isinstance(node, Loop) or node.kind not in JOINED or len(node.variables) != 1:
                return node
            if free_variables(node.range) - {"cluster"} or not speaks_of_access(node.body):
                return node
            try:
                members = evaluate(node.range, {"cluster": self.cluster}, self.setting.rules)
            except EvalError as error:
                raise NotTold(f"`{show_expr(node.range)}` has no value: {error.message}") from None
            element = node.range.type.element if isinstance(node.range.type, ListOf) else DYN
            assert isinstance(members, list | tuple)
            turns = [substitute_variables(node.body, {node.variables[0]: Lit(m, element)}) for m in members]
            joined, empty = JOINED[node.kind]
            return reduce(joined, turns) if turns else Lit(empty, BOOL)

        return transform(expr, change)

    # ---------------------------------------------------------------- what webhooks say

    def asking(self, args: tuple[Expr, ...], before: Sequence[Asking]) -> Asking:
        """The variables for a `can`: those of one before it that asks the same."""
        same = next((a for a in before if a.args == args), None)
        if same is not None:
            return same
        does = {n: self.does(n, args) for n in self.webhooks}
        asked = {
            n: f"webhook{n}_{len(before)}"
            for n, d in does.items()
            if d not in (foresight.PASSES, foresight.DENIES)
        }
        return Asking(args, asked, frozenset(n for n in asked if does[n] == foresight.MAYBE))

    def does(self, place: int, args: Sequence[Expr]) -> str:
        """What a webhook does with such a request, by whomever."""
        conditions = self.conditions[place]
        if not conditions:
            return foresight.ASKED
        words = args[1:]
        if not all(isinstance(w, Lit) for w in words):
            return foresight.MAYBE
        request = call("canRequest")(
            {"user": "", "groups": []}, *(w.value for w in words if isinstance(w, Lit))
        )
        return foresight.does(self.chain[place], conditions, request, foresight.WHO, self.book)

    def said(self, asking: Asking) -> Expr:
        """The chain with what its webhooks say to this request. One that is not asked passes, or fails."""
        found: list[Expr] = []
        for place, authorizer in enumerate(self.chain):
            if place in asking.heard:
                answer = Field(Var(asking.heard[place], HEARD), "answer", STRING)
                found.append(With(Lit(authorizer, AUTHORIZER), (("answer", answer),), AUTHORIZER))
                continue
            if authorizer["type"] == "Webhook":
                denies = self.does(place, asking.args) == foresight.DENIES
                authorizer = {**authorizer, "conditions": ["error" if denies else "false"]}
            found.append(Lit(authorizer, AUTHORIZER))
        return MakeList(tuple(found), ListOf(AUTHORIZER))

    def inconsistent(self, one: Asking, other: Asking) -> Iterator[Expr]:
        """That a webhook says two things to one request."""
        alike: list[Expr] = []
        for a, b in zip(one.args, other.args, strict=True):
            if a == b:
                continue
            if isinstance(a, Lit) and isinstance(b, Lit):
                return
            alike += [Call("_==_", pair, BOOL) for pair in _parts(a, b)]
        for place in self.webhooks:
            mine, theirs = one.heard.get(place), other.heard.get(place)
            if mine and theirs and mine != theirs:
                sayings = (Field(Var(n, HEARD), "answer", STRING) for n in (mine, theirs))
                differ: Expr = Call("_!=_", tuple(sayings), BOOL)
                yield reduce(And, alike, differ)

    # ---------------------------------------------------------------- witnesses

    def request(self, asking: Asking, values: Mapping[str, object]) -> dict[str, Any]:
        """What is asked, for these values of the variables."""
        env = {"cluster": self.cluster, **values}
        made = call("canRequest")(*(evaluate(a, env, self.setting.rules) for a in asking.args))
        return dict(made)

    def never_asked(self, by_chain: ByChain, values: Mapping[str, object]) -> str:
        """The webhook that is said to answer what it is not asked; "" if there is none."""
        for asking in by_chain.asked:
            for place in sorted(asking.maybe):
                found = outcomes(self.conditions[place], self.request(asking, values), self.book)
                real = {**self.chain[place], "conditions": found}
                answer = values[asking.heard[place]]
                assert isinstance(answer, dict)
                decided = call("webhookDecision")(real)["decision"]
                if decided not in ("unknown", answer.get("answer")):
                    return named(self.chain[place])
        return ""

    def answers(self, by_chain: ByChain, values: Mapping[str, object]) -> list[str]:
        """What webhooks say in a witness, as far as it breaks only with that."""
        told: dict[str, str] = {}
        for asking in by_chain.asked:
            request = self.request(asking, values)
            asked = f"{show_request(request)} by {show_asker(request)}"
            for place, name in asking.heard.items():
                told[name] = f"{named(self.chain[place])} {show_answer(values[name])} {asked}"
        matters = [name for name in told if self.matters(by_chain, values, name)]
        return [told[name] for name in matters or told]

    def matters(self, by_chain: ByChain, values: Mapping[str, object], name: str) -> bool:
        """Does the property hold if this webhook says something else?"""
        for answer in call("webhookAnswers")():
            env = {"cluster": self.cluster, **values, name: {"answer": answer}}
            try:
                if evaluate(by_chain.prop.holds, env, self.setting.rules) is True:
                    return True
            except EvalError:
                continue
        return False


def _parts(one: Expr, other: Expr) -> list[tuple[Expr, Expr]]:
    """What must be equal for two arguments to be: of identities, the user and the groups."""
    if one.type != IDENTITY:
        return [(one, other)]
    fields = (("user", STRING), ("groups", ListOf(STRING)))
    return [(Field(one, name, type_), Field(other, name, type_)) for name, type_ in fields]


def show_answer(value: object) -> str:
    said = str(value.get("answer")) if isinstance(value, Mapping) else ""
    return {"allow": "allows", "deny": "denies", "noopinion": "has no opinion on"}.get(said, said)


def show_asker(request: Mapping[str, Any]) -> str:
    groups = ", ".join(request.get("groups") or ())
    return f"{request['user']} in {groups}" if groups else str(request["user"])
