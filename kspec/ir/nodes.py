"""The typed core of the language: closed, total, and all that the evaluator and the back ends know.

Every rule is lowered to ONE expression (see `Rule`): statements are gone, macros are loops, names are
resolved, every node carries its type. Each class is headed by its surface syntax. Nodes hold no behaviour.
`evaluate.py`, `backends/python/emit.py` and `backends/symbolic/emit.py` are the same table thrice, in this
order.

Errors: an expression has a value or an error (`kspec.runtime.values.EvalError`). Strict nodes pass on the
first error in argument order; `And`, `Or`, `Cond` and the loops `all`, `exists` follow CEL: a deciding
operand hides the error of the other. `Field` and `HasField` never fail: the absent field of a record reads
as its type's zero.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from kspec.ir.types import BOOL, Type
from kspec.source import NOWHERE, Span


def _span() -> Span:
    return field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Lit:  # 1  "a"  true  16Gi
    """A constant. `value` is a runtime value (see `kspec.runtime.values`), hashable."""

    value: object
    type: Type
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Var:  # x
    """A parameter, a `let`, or the variable of a loop."""

    name: str
    type: Type
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Field:  # pod.spec
    """A field of a record. Total: absent reads as zero (`""`, `0`, `false`, `[]`, `{}`, an empty record;
    `dyn`: null)."""

    operand: Expr
    name: str
    type: Type
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class HasField:  # has(pod.spec)
    """Is the field of the record present (not null)?"""

    operand: Expr
    name: str
    type: Type = BOOL
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Key:  # labels.app, on a map or a dyn
    """The value of a map at a constant string key; absent is the error `no_such_key`."""

    operand: Expr
    name: str
    type: Type
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class HasKey:  # has(labels.app)
    operand: Expr
    name: str
    type: Type = BOOL
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class And:  # a && b
    left: Expr
    right: Expr
    type: Type = BOOL
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Or:  # a || b
    left: Expr
    right: Expr
    type: Type = BOOL
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Cond:  # c ? a : b
    condition: Expr
    then: Expr
    otherwise: Expr
    type: Type
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Call:  # a + b   s.startsWith(t)   size(l)
    """A function of the standard library, strict. `function` is CEL's name (`_+_`, `!_`, `_[_]`, `size`,
    `ip.isCanonical`).

    A method's target is the first argument. Which overload applies is decided by the run-time types of the
    arguments; where the argument types are known statically a back end may choose the overload at once.
    """

    function: str
    args: tuple[Expr, ...]
    type: Type
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Apply:  # tolerates(o, t)
    """A function that a rule declares; all its parameters are given (defaults and `using` filled in)."""

    rule: str
    args: tuple[Expr, ...]
    type: Type
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class MakeList:  # [a, ?b]
    """A list. Elements whose index is in `optional` are optionals: none is left out."""

    elements: tuple[Expr, ...]
    type: Type
    optional: frozenset[int] = frozenset()
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class MakeMap:  # {"a": 1, ?"b": o}
    """A map. A repeated key is an error."""

    entries: tuple[tuple[Expr, Expr], ...]
    type: Type
    optional: frozenset[int] = frozenset()
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class MakeRecord:  # {name: x} where a record is wanted
    """A record with these fields; a field whose value is null is absent."""

    fields: tuple[tuple[str, Expr], ...]
    type: Type
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class With:  # what `set`, `default` and overrides become
    """The operand (record or string map) with these fields replaced; null removes the field. The operand
    is not changed."""

    operand: Expr
    fields: tuple[tuple[str, Expr], ...]
    type: Type
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Let:  # let x = a; b
    """The value is evaluated first, once; its error is the error of the whole."""

    name: str
    value: Expr
    body: Expr
    type: Type
    span: Span = _span()


LOOP_KINDS = (
    "all",  # body bool -> bool
    "exists",  # body bool -> bool
    "existsOne",  # body bool -> bool; strict in errors
    "map",  # [body | x in range, where]
    "filter",  # [x | x in range, body]
    "flatMap",  # concatenation of body (a list) over range: `each` and `[*]` become this
    "transformMap",  # {k: body | k, v in range, where}
    "transformMapEntry",  # merge of body (a map) over range; a key twice is an error
    "sortBy",  # range, stably ordered by body
)


@dataclass(frozen=True, slots=True)
class Loop:  # range.all(x, body)   range.map(x, where, body)   range.transformList(i, x, where, body)
    """A loop over a list or a map. With one variable it is the element (of a map: the key); with two, index
    and element (of a map: key and value). `where` filters first; only map, transformMap and
    transformMapEntry have it. Order of a map: insertion order.
    """

    kind: str
    variables: tuple[str, ...]
    range: Expr
    where: Expr | None
    body: Expr
    type: Type
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Fold:  # range.fold(x, acc, init, step)
    """Left fold: `acc` starts as `init` and becomes `step` for each element."""

    variable: str
    accumulator: str
    range: Expr
    init: Expr
    step: Expr
    type: Type
    span: Span = _span()


Expr: TypeAlias = (
    Lit
    | Var
    | Field
    | HasField
    | Key
    | HasKey
    | And
    | Or
    | Cond
    | Call
    | Apply
    | MakeList
    | MakeMap
    | MakeRecord
    | With
    | Let
    | Loop
    | Fold
)


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    type: Type
    default: Expr | None = None


@dataclass(frozen=True, slots=True)
class HeadClause:  # owns core.Pod as pods matching e
    """See `kspec.syntax.ast.Clause`; `expr` sees the parameters, `constant` is its value where it must be
    constant."""

    word: str
    name: str = ""
    type: Type | None = None
    expr: Expr | None = None
    constant: object = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule, lowered. What `body` yields depends on `kind`:

    function    the result type
    filter      list(rule.Finding): empty means the node passes; otherwise the reasons of the first
    `require` that fails
    score       int
    authorizer  rule.Decision: {decision: "allow" | "deny" | "noopinion", reason: string}
    default     the object, defaulted (a new value)
    admit       rule.Admission: {object, findings: list(rule.Finding)}
    validate    list(rule.Finding), all that fail
    gate        list(rule.Finding), all that fail
    controller  list(rule.Write)
    domain      rule.Domain: {members: list(T), valid: bool, witness: list(rule.Write)}: members at hand,
    whether the parameter is
                one that could exist, and the objects that make it exist
    """

    id: str  # scheduling/TaintToleration: folder of the file, then the name; unique
    kind: str
    name: str
    params: tuple[Parameter, ...]  # `using` parameters last
    using: int  # how many of them, at the end, are `using`
    body: Expr
    result: Type
    clauses: tuple[HeadClause, ...] = ()
    source: str = ""
    doc: str = ""
    path: str = ""  # of the file below rules/, without suffix: scheduling/taint_toleration
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Program:
    """All rules by id, in order of file and place, closed under `Apply`, callees first within a cycle-free
    graph."""

    rules: tuple[Rule, ...]

    def by_id(self) -> dict[str, Rule]:
        return {r.id: r for r in self.rules}
