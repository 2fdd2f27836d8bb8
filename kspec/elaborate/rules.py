"""Knows the kinds of rules: what each may hold, what it yields, and how its parts become the one lowered
rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from kspec.elaborate import build
from kspec.elaborate.changes import lower_admission, lower_object
from kspec.elaborate.context import Block, Context
from kspec.elaborate.folders import View
from kspec.elaborate.literals import is_storable
from kspec.elaborate.mistakes import either, listing
from kspec.elaborate.scope import FunctionSig
from kspec.elaborate.statements import (
    NO_OPINION,
    Statements,
    lower_decision,
    lower_domain,
    lower_findings,
    lower_first,
    lower_value,
    lower_writes,
)
from kspec.ir.nodes import Expr, HeadClause, Parameter, Rule
from kspec.ir.types import DYN, INT, TIMESTAMP, ListOf, Record, Type, show
from kspec.ir.walk import substitute_variables
from kspec.source import Diagnostic, Span
from kspec.syntax import ast

NOW = "now"


@dataclass(frozen=True, slots=True)
class RuleKind:
    """What a kind of rule admits. `result` None: the rule says it itself; `object`: its first parameter is
    one.
    """

    statements: tuple[str, ...]
    clauses: tuple[str, ...] = ()
    result: Type | None = None
    parameters: int = 0
    callable: bool = True


_BLOCKS = ("let", "when", "each")

KINDS: Mapping[str, RuleKind] = {
    "function": RuleKind(("let", "when", "return")),
    "score": RuleKind(("let", "when", "return"), ("weight",), INT, 1),
    "filter": RuleKind((*_BLOCKS, "require"), ("after",), build.FINDINGS, 1),
    "validate": RuleKind((*_BLOCKS, "require"), ("on", "after"), build.FINDINGS, 1),
    "gate": RuleKind((*_BLOCKS, "require"), ("for",), build.FINDINGS, 1),
    "authorizer": RuleKind((*_BLOCKS, "allow", "deny", "pass"), ("after",), build.DECISION, 1),
    "default": RuleKind((*_BLOCKS, "path: value", "set"), ("after",), None, 1),
    "admit": RuleKind((*_BLOCKS, "path: value", "set", "require"), ("on", "after"), build.ADMISSION, 1),
    "controller": RuleKind(
        (*_BLOCKS, "create", "delete", "update", "status", "requeue"),
        ("owns", "reads"),
        build.WRITES,
        1,
        False,
    ),
    "domain": RuleKind((*_BLOCKS, "return", "require", "create"), (), build.DOMAIN, 1, False),
}

ON = ("create", "update", "delete")


@dataclass(frozen=True, slots=True)
class Signature:
    """What the first pass finds out about a rule; `id` is final."""

    id: str
    folder: str
    path: str
    node: ast.Rule
    params: tuple[Parameter, ...]  # as declared, then `using`
    using: int
    result: Type
    spans: Mapping[str, Span] = field(default_factory=dict)

    def function(self) -> FunctionSig:
        return FunctionSig(self.id, self.node.name, self.params, self.using, self.result)


# ---------------------------------------------------------------- first pass


def signature(
    node: ast.Rule, folder: str, path: str, id_: str, view: View, diagnostics: list[Diagnostic]
) -> Signature:
    """The rule's parameters and result. Mistakes in its head are reported here, once."""
    context = Context(view, node.kind, diagnostics=diagnostics)
    names: dict[str, Span] = {}
    params = [_parameter(p, names, context) for p in node.params]
    _defaults_last(node.params, context)
    using = [_parameter(replace(p, default=None), names, context) for p in node.using]
    kind = KINDS[node.kind]
    if len(params) < kind.parameters:
        article = "an" if node.kind[0] in "aeiou" else "a"
        message = f"{article} `{node.kind}` has a parameter: what it is about"
        context.report("KS2215", message, node.name_span, f"write `{node.kind} {node.name}(self: core.Pod)`")
    for param in node.using:
        if param.default is not None:
            context.report("KS2215", "a `using` parameter has no default", param.default.span)
    return Signature(
        id_, folder, path, node, (*params, *using), len(using), _result(node, params, context), names
    )


def _parameter(param: ast.Param, names: dict[str, Span], context: Context) -> Parameter:
    type_ = context.type(param.type)
    if param.name in names:
        context.report(
            "KS2211", f"the name `{param.name}` is taken", param.span, "", (names[param.name], "first here")
        )
    names.setdefault(param.name, param.span)
    default = None
    if param.default is not None:
        default = _constant_default(param.default, type_, context)
    return Parameter(param.name, type_, default)


def _constant_default(node: ast.Expr, type_: Type, context: Context) -> Expr | None:
    """The default of a parameter: it is kept with the signature, so it is a constant without loops and
    rules.
    """
    default = context.expr(node, context.view.bare().scope({}), type_)
    if is_storable(default):
        return default
    context.report("KS2215", "a default is a constant", node.span, "compute it in the body instead")
    return None


def _defaults_last(params: tuple[ast.Param, ...], context: Context) -> None:
    seen = False
    for param in params:
        if seen and param.default is None:
            message = f"`{param.name}` needs a default, as the parameter before it has one"
            context.report("KS2215", message, param.span, "put parameters with defaults last")
            return
        seen = param.default is not None


def _result(node: ast.Rule, params: list[Parameter], context: Context) -> Type:
    kind = KINDS[node.kind]
    given = context.type(node.result) if node.result is not None else None
    if node.kind == "function":
        if given is None:
            help_ = f"write `function {node.name}(...): bool {{ ... }}`"
            context.report(
                "KS2215", f"function `{node.name}` does not say what it yields", node.name_span, help_
            )
        return given or DYN
    if node.kind == "default":
        wanted: Type = params[0].type if params else DYN
    else:
        wanted = kind.result or DYN
    if given is not None and node.result is not None:
        message = f"what a `{node.kind}` yields is fixed: `{show(wanted)}`"
        context.report("KS2215", message, node.result.span, "leave the type out")
    return wanted


# ---------------------------------------------------------------- second pass


def lower_rule(sig: Signature, view: View, diagnostics: list[Diagnostic]) -> Rule:
    """The rule as one expression. After a mistake the body is of no use, and `diagnostics` says so."""
    node = sig.node
    subject = sig.params[0].name if sig.params else ""
    context = Context(view, node.kind, subject, diagnostics)
    variables = {p.name: p.type for p in sig.params}
    block = Block(view.scope(variables), sig.spans)
    clauses, block, more = _clauses(node, block, context)
    body = _body(sig, tuple(_admitted(node.body, node, context, top=True)), block, context)
    hidden = {p.name for p in (*sig.params, *more)}
    body = substitute_variables(body, {n: e for n, e in view.constants.items() if n not in hidden})
    declared = sig.params[: len(sig.params) - sig.using]
    params = (*declared, *more, *sig.params[len(declared) :])
    return Rule(
        sig.id, node.kind, node.name, params, sig.using, body, sig.result, clauses, _source(node), node.doc,
        sig.path, node.span,
    )  # fmt: skip


def _source(node: ast.Rule) -> str:
    return "; ".join(s.text for s in node.body if isinstance(s, ast.Source))


def _body(sig: Signature, statements: Statements, block: Block, context: Context) -> Expr:
    match sig.node.kind:
        case "filter":
            return lower_first(statements, block, context)
        case "validate" | "gate":
            return lower_findings(statements, block, context)
        case "authorizer":
            return lower_decision(statements, block, context, NO_OPINION)
        case "default":
            return lower_object(statements, block, context)
        case "admit":
            return lower_admission(statements, block, context)
        case "controller":
            return lower_writes(statements, block, context)
        case "domain":
            _wants_return(sig, statements, context)
            return lower_domain(statements, block, context, sig.params[0].type if sig.params else DYN)
        case _:
            value = lower_value(statements, block, context, sig.result)
            if value is None and not any(isinstance(s, ast.Return) for s in statements):
                _missing_return(sig, context)
            return value if value is not None else build.zero(sig.result)


def _missing_return(sig: Signature, context: Context) -> None:
    message = f"`{sig.node.name}` can end without a `return`"
    context.report("KS2216", message, sig.node.name_span, "let its last statement be `return e`")


def _wants_return(sig: Signature, statements: Statements, context: Context) -> None:
    """A domain says once, and not under a condition, which members are at hand."""
    returns = [s for s in statements if isinstance(s, ast.Return)]
    if not returns:
        help_ = "let one statement be `return e`: the members at hand"
        context.report("KS2216", f"domain `{sig.node.name}` has no `return`", sig.node.name_span, help_)
    for extra in returns[1:]:
        context.report("KS2216", "a domain has one `return`", extra.span, "", (returns[0].span, "first here"))


# ---------------------------------------------------------------- what a kind admits


def _word(statement: ast.Statement) -> str:
    match statement:
        case ast.Decide(decision):
            return decision
        case ast.Default():
            return "path: value"
        case _:
            return type(statement).__name__.lower()


def _admitted(
    statements: Statements, node: ast.Rule, context: Context, top: bool = False
) -> Iterator[ast.Statement]:
    """The statements that the kind admits, those of inner blocks too; the others are reported."""
    kind = KINDS[node.kind]
    for statement in statements:
        word = _word(statement)
        if word == "source":
            if not top:
                context.report("KS2214", "`source` stands at the top of a rule", statement.span, "move it up")
            continue
        inner_only = node.kind == "domain" and not top and word in ("return", "require")
        if word not in kind.statements or inner_only:
            where = f"a `{node.kind}`" if not inner_only else "a block of a `domain`"
            words = [w for w in kind.statements if not (inner_only and w in ("return", "require"))]
            help_ = f"it holds {listing(words)}"
            context.report("KS2214", f"`{word}` has no place in {where}", statement.span, help_)
            continue
        match statement:
            case ast.When(condition, body, otherwise):
                then = tuple(_admitted(body, node, context))
                yield ast.When(condition, then, tuple(_admitted(otherwise, node, context)), statement.span)
            case ast.Each(body=body):
                yield replace(statement, body=tuple(_admitted(body, node, context)))
            case _:
                yield statement


def count_statements(statements: Statements) -> int:
    """How many there are, inner blocks included."""
    count = 0
    stack = list(statements)
    while stack:
        statement = stack.pop()
        count += 1
        match statement:
            case ast.When(_, body, otherwise):
                stack += [*body, *otherwise]
            case ast.Each(_, _, body):
                stack += body
    return count


# ---------------------------------------------------------------- clauses of the head


def _clauses(
    node: ast.Rule, block: Block, context: Context
) -> tuple[tuple[HeadClause, ...], Block, list[Parameter]]:
    """The clauses; what they bind is seen by the body, and given to the rule as parameters."""
    made: list[HeadClause] = []
    more: list[Parameter] = []
    outer = block
    for clause in node.clauses:
        if clause.word not in KINDS[node.kind].clauses:
            allowed = KINDS[node.kind].clauses
            help_ = f"it takes {either(allowed)}" if allowed else ""
            context.report("KS2214", f"a `{node.kind}` has no `{clause.word}` clause", clause.span, help_)
            continue
        head = _clause(clause, outer, context)
        made.append(head)
        if clause.word in ("owns", "reads") and clause.name is not None:
            type_ = ListOf(head.type or DYN)
            block = block.bind(clause.name, type_, clause.span, context)
            more.append(Parameter(clause.name, type_))
    if node.kind == "controller":
        block = block.bind(NOW, TIMESTAMP, node.name_span, context)
        more.append(Parameter(NOW, TIMESTAMP))
    return tuple(made), block, more


def _clause(clause: ast.Clause, block: Block, context: Context) -> HeadClause:
    name = clause.name or ""
    match clause.word:
        case "owns" | "reads":
            type_ = context.type(clause.type) if clause.type is not None else DYN
            _check_kind(clause, type_, context)
            selector = None
            if clause.value is not None:
                selector = context.expr(clause.value, block.scope, Record("meta.LabelSelector"))
            return HeadClause(clause.word, name, type_, selector)
        case "for":
            return HeadClause(
                clause.word, name, context.type(clause.type) if clause.type is not None else DYN
            )
        case "weight":
            return _weight(clause, block, context)
        case "on":
            if name not in ON:
                context.report("KS2214", f"there is no request `{name}`", clause.span, f"write {either(ON)}")
            return HeadClause(clause.word, name, constant=name)
        case _:
            return HeadClause(clause.word, name, constant=name)


def _weight(clause: ast.Clause, block: Block, context: Context) -> HeadClause:
    match clause.value:
        case ast.Literal("int", int() as weight):
            return HeadClause(clause.word, constant=weight)
        case value:
            span = value.span if value is not None else clause.span
            context.report("KS2214", "a weight is a whole number", span, "write `weight 3`")
            return HeadClause(clause.word, constant=1)


def _check_kind(clause: ast.Clause, type_: Type, context: Context) -> None:
    known = isinstance(type_, Record) and context.view.table.kind_of_record(type_.name) is not None
    if not known and type_ != DYN and clause.type is not None:
        message = f"`{show(type_)}` is not the type of a kind"
        context.report("KS2218", message, clause.type.span, "a controller owns and reads objects of the API")
