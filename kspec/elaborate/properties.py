"""Knows how a property becomes quantifiers and one boolean expression, and what `forbid` and `exists` turn
into.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from kspec.elaborate.build import negated
from kspec.elaborate.context import Block, Context
from kspec.elaborate.folders import CLUSTER
from kspec.elaborate.literals import constant_expr
from kspec.elaborate.mistakes import near
from kspec.elaborate.values import Surroundings
from kspec.ir.check import check
from kspec.ir.nodes import And, Expr, Or
from kspec.ir.properties import ExpectCase, Property, Quantifier
from kspec.ir.types import BOOL, DURATION, DYN, INT, ListOf, Record, Type, show
from kspec.ir.walk import substitute_variables
from kspec.source import InternalError, Span
from kspec.syntax import ast

GIVEN = "Given"
"""The type that the rules may give to what stands after `given`."""

OPPOSITE = {"forall": "exists", "exists": "forall"}


@dataclass(frozen=True, slots=True)
class Prefix:
    """The head of a formula: quantifiers of one sort, their conditions, and a temporal operator; then the
    rest.
    """

    quantifier: str
    bindings: tuple[ast.Binding, ...]
    conditions: tuple[ast.Expr, ...]
    temporal: ast.Temporal | None
    body: ast.Expr


def prefix_of(formula: ast.Expr) -> Prefix:
    """Takes off what stands in front, as far as it can be taken together.

    `always forall x: e` is `forall x: always e`, and `never exists x: e` is `forall x: never e`; no other
    operator changes places with a quantifier.
    """
    quantifier = ""
    bindings: tuple[ast.Binding, ...] = ()
    conditions: tuple[ast.Expr, ...] = ()
    temporal: ast.Temporal | None = None
    node = formula
    while True:
        match node:
            case ast.Quantified(word, more, where, body):
                meant = _meaning(word, temporal)
                if meant is None or quantifier not in ("", meant):
                    break
                quantifier, bindings = meant, (*bindings, *more)
                conditions = conditions if where is None else (*conditions, where)
                node = body
            case ast.Temporal(_, body) if temporal is None:
                temporal, node = node, body
            case _:
                break
    return Prefix(quantifier, bindings, conditions, temporal, node)


def _meaning(quantifier: str, temporal: ast.Temporal | None) -> str | None:
    """What a quantifier means in front of the temporal operator that it stands behind; None if it must stay
    there.
    """
    if temporal is None:
        return quantifier
    behind = {
        ("always", "forall"): "forall",
        ("never", "exists"): "forall",
        ("eventually", "exists"): "exists",
    }
    return behind.get((temporal.operator, quantifier))


def elaborate_properties(
    nodes: Iterable[ast.Property],
    expects: Iterable[ast.Expect],
    objects: Callable[[ast.Expectation], tuple[dict[str, object], ...]],
    context: Context,
    around: Surroundings,
) -> tuple[Property, ...]:
    """The properties in order, each with the cases of the `expect`s of its title; those with mistakes left
    out.
    """
    first: dict[str, ast.Property] = {}
    made: dict[str, Property] = {}
    for node in nodes:
        if node.title in first:
            message = f"there is a property `{node.title}` already"
            context.report("KS2203", message, node.span, "", (first[node.title].span, "first here"))
            continue
        first[node.title] = node
        found = _property(node, context, around)
        if found is not None:
            made[node.title] = found
    for expect in expects:
        cases = tuple(ExpectCase(c.verdict, objects(c), c.span) for c in expect.cases)
        if expect.title not in first:
            help_ = near(expect.title, first) or "an `expect` has the title of the property that it tests"
            context.report("KS2243", f"there is no property `{expect.title}`", expect.span, help_)
        elif expect.title in made:
            known = made[expect.title]
            made[expect.title] = replace(known, expects=(*known.expects, *cases))
    return tuple(made.values())


def _property(node: ast.Property, context: Context, around: Surroundings) -> Property | None:
    before = len(context.diagnostics)
    prefix = prefix_of(node.formula)
    _check_temporal(node, prefix, context)
    constants = constant_exprs(around)
    block = Block(replace(around.scope, variables={**around.scope.variables, "cluster": CLUSTER}))
    quantifiers = []
    for binding in prefix.bindings:
        quantifier, block = _quantifier(binding, block, context)
        quantifiers.append(quantifier)
    conditions = [context.condition(c, block.scope) for c in prefix.conditions]
    body = context.condition(without_quantifiers(prefix.body, block, context), block.scope)
    within = given = None
    if prefix.temporal is not None and prefix.temporal.within is not None:
        within = context.expr(prefix.temporal.within, block.scope, DURATION)
    if node.given is not None:
        wanted = Record(GIVEN) if GIVEN in context.view.table.records else None
        given = context.expr(node.given, block.scope, wanted)
    if len(context.diagnostics) > before:
        return None
    forbids = node.verb == "forbid"
    word = OPPOSITE.get(prefix.quantifier, "") if forbids else prefix.quantifier
    holds = _holds(prefix, conditions, body, forbids)
    made = Property(
        node.verb, node.title, tuple(_closed_quantifier(q, constants) for q in quantifiers), word == "exists",
        substitute_variables(holds, constants), _temporal(node.verb, prefix), _closed(within, constants),
        _closed(given, constants), (), node.doc, node.span,
    )  # fmt: skip
    _check(made, context)
    return made


def _check(made: Property, context: Context) -> None:
    """What was elaborated must be well typed; anything else is a bug of ours."""
    variables: dict[str, Type] = {"cluster": CLUSTER}
    problems: list[str] = []
    for q in made.quantifiers:
        for expr in (q.low, q.high, q.members):
            problems += check(expr, context.view.table, variables) if expr is not None else []
        variables[q.name] = q.type
    for expr in (made.holds, made.given, made.within):
        problems += check(expr, context.view.table, variables) if expr is not None else []
    if problems:
        raise InternalError(f"property `{made.title}` was elaborated wrongly: {'; '.join(problems)}")


def _check_temporal(node: ast.Property, prefix: Prefix, context: Context) -> None:
    if prefix.temporal is None:
        return
    operator, span = prefix.temporal.operator, prefix.temporal.span
    if node.verb == "assert":
        message = (
            f"`assert` looks at the objects at hand, where nothing happens; `{operator}` asks about a run"
        )
        context.report("KS2242", message, span, "use `prove`")
        return
    if node.verb == "forbid" and operator != "eventually":
        message = f"`forbid` cannot be followed by `{operator}`"
        context.report("KS2242", message, span, "say with `prove` what should hold instead")
        return
    never = operator == "never" or node.verb == "forbid"
    some = prefix.quantifier == ("forall" if node.verb == "forbid" else "exists")
    if never and some and prefix.conditions:
        message = "a choice with a condition cannot be followed by what never happens"
        context.report(
            "KS2242", message, prefix.conditions[0].span, "range over a list that has the condition"
        )


def _temporal(verb: str, prefix: Prefix) -> str:
    """`forbid eventually e` is `never e`."""
    if prefix.temporal is None:
        return ""
    return "never" if verb == "forbid" else prefix.temporal.operator


def _holds(prefix: Prefix, conditions: list[Expr], body: Expr, forbids: bool) -> Expr:
    """What must be true for every choice of the variables, or for some.

    A condition of `forall` is a premise, one of `exists` a part of what is asked for; `forbid` turns the
    whole round. Under `never` (said, or meant by `forbid eventually`) the body stays what it is: it must
    not become true.
    """
    unwanted = prefix.temporal is not None and (prefix.temporal.operator == "never" or forbids)
    if prefix.quantifier == "exists" or unwanted:
        whole = body
        for condition in reversed(conditions):
            whole = And(condition, whole, BOOL, body.span)
    else:
        whole = body
        for condition in reversed(conditions):
            whole = Or(negated(condition), whole, BOOL, body.span)
    return negated(whole) if forbids and prefix.temporal is None else whole


# ---------------------------------------------------------------- quantifiers


def _quantifier(binding: ast.Binding, block: Block, context: Context) -> tuple[Quantifier, Block]:
    """The variable and what it ranges over; the block in which it is known."""
    name, domain, span = binding.name, binding.domain, binding.span
    if isinstance(domain, ast.Range):
        low = context.expr(domain.low, block.scope, INT)
        high = context.expr(domain.high, block.scope, INT)
        return Quantifier(name, INT, "", low, high, None, span), block.bind(name, INT, span, context)
    text = dotted(domain)
    known = (
        context.view.domains.get(text)
        if text and block.scope.variable(text.partition(".")[0]) is None
        else None
    )
    if known is not None:
        return Quantifier(name, known.type, known.rule_id, None, None, None, span), block.bind(
            name, known.type, span, context
        )
    if text and "." not in text and block.scope.variable(text) is None:
        help_ = near(text, [*context.view.domains, *block.scope.visible_names()])
        context.report("KS2240", f"there is nothing called `{text}` to range over", domain.span, help_)
        return Quantifier(name, DYN, span=span), block.bind(name, DYN, span, context)
    members = context.expr(domain, block.scope)
    element = members.type.element if isinstance(members.type, ListOf) else DYN
    if element == DYN and members.type not in (DYN, ListOf(DYN)):
        message = f"a variable ranges over a domain, a list or `1..10`, and this is `{show(members.type)}`"
        context.report("KS2240", message, domain.span)
    return Quantifier(name, element, "", None, None, members, span), block.bind(name, element, span, context)


def dotted(node: ast.Expr) -> str:
    """`network.pods` for the names that it is made of; empty for any other expression."""
    match node:
        case ast.Ident(name, False):
            return name
        case ast.Select(operand, field, False):
            head = dotted(operand)
            return f"{head}.{field}" if head else ""
        case _:
            return ""


def without_quantifiers(node: ast.Expr, block: Block, context: Context) -> ast.Expr:
    """The formula with the quantifiers inside it as `all` and `exists` over lists; what could exist is no
    list.
    """
    match node:
        case ast.Quantified(word, bindings, where, body):
            inner = without_quantifiers(body, block, context)
            if where is not None:
                condition = without_quantifiers(where, block, context)
                inner = ast.Binary("implies" if word == "forall" else "&&", condition, inner, node.span)
            for binding in reversed(bindings):
                inner = _as_macro(word, binding, inner, block, context, node.span)
            return inner
        case ast.Binary(_, left, right):
            return replace(
                node,
                left=without_quantifiers(left, block, context),
                right=without_quantifiers(right, block, context),
            )
        case ast.Unary(_, operand):
            return replace(node, operand=without_quantifiers(operand, block, context))
        case ast.Conditional(condition, then, otherwise):
            return replace(
                node,
                condition=without_quantifiers(condition, block, context),
                then=without_quantifiers(then, block, context),
                otherwise=without_quantifiers(otherwise, block, context),
            )
        case _:
            return node


def _as_macro(
    word: str, binding: ast.Binding, body: ast.Expr, block: Block, context: Context, span: Span
) -> ast.Expr:
    text = dotted(binding.domain)
    if text in context.view.domains and block.scope.variable(text.partition(".")[0]) is None:
        message = f"`{text}` is everything that could exist, and stands in front of the formula only"
        help_ = "put all quantifiers of one sort in front, or range over a list such as `cluster.pods`"
        context.report("KS2241", message, binding.span, help_)
        return ast.Literal("bool", True, "true", span)
    macro = "all" if word == "forall" else "exists"
    variable = ast.Ident(binding.name, span=binding.span)
    return ast.Call(macro, (variable, body), binding.domain, span, binding.span)


# ---------------------------------------------------------------- parameters of the file


def constant_exprs(around: Surroundings) -> Mapping[str, Expr]:
    """The params of the file as constants."""
    return {
        name: constant_expr(around.env[name], variable.type)
        for name, variable in around.scope.locals.items()
        if name in around.env
    }


def _closed(expr: Expr | None, constants: Mapping[str, Expr]) -> Expr | None:
    return None if expr is None else substitute_variables(expr, constants)


def _closed_quantifier(quantifier: Quantifier, constants: Mapping[str, Expr]) -> Quantifier:
    return replace(
        quantifier,
        low=_closed(quantifier.low, constants),
        high=_closed(quantifier.high, constants),
        members=_closed(quantifier.members, constants),
    )
