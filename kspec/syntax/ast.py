"""The abstract syntax of the language: what the parser makes and `fmt` prints.

Nodes hold no behaviour. The comment at the end of a line is the surface syntax. `span` takes no part in
equality. Expressions are CEL's; declarations wrap them. Nothing here is typed or resolved: `kspec.elaborate` does that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from kspec.source import NOWHERE, Span


def _span() -> Span:
    return field(default=NOWHERE, compare=False, repr=False)  # type: ignore[no-any-return]


# ---------------------------------------------------------------- expressions (CEL)


@dataclass(frozen=True, slots=True)
class Literal:  # null true 1 1u 1.5 "s" b"s" 250m 16Gi 90s
    """A literal. `kind`: null, bool, int, uint, double, string, bytes, quantity, time.

    `value` is the Python value (`int` for int and uint, `bytes` for bytes); for quantity and time it is the text as
    written (`250m`, `16Gi`, `5min`). `raw` is the source text, which the formatter keeps.
    """

    kind: str
    value: None | bool | int | float | str | bytes
    raw: str = field(default="", compare=False)
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Ident:  # name  .name
    name: str
    absolute: bool = False
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Select:  # operand.field   operand.?field
    operand: Expr
    field: str
    optional: bool = False
    span: Span = _span()
    field_span: Span = _span()


@dataclass(frozen=True, slots=True)
class Index:  # operand[index]   operand[?index]
    operand: Expr
    index: Expr
    optional: bool = False
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Call:  # function(args)   target.function(args); macros too
    function: str
    args: tuple[Expr, ...]
    target: Expr | None = None
    span: Span = _span()
    name_span: Span = _span()


@dataclass(frozen=True, slots=True)
class Unary:  # !x  -x
    op: str
    operand: Expr
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Binary:  # + - * / % == != < <= > >= in && || implies
    op: str
    left: Expr
    right: Expr
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Conditional:  # c ? a : b
    condition: Expr
    then: Expr
    otherwise: Expr
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class ListExpr:  # [a, b]   [?a]
    elements: tuple[Expr, ...]
    optional: tuple[int, ...] = ()
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class MapExpr:  # {k: v, ?k: v}: only in strict CEL; in .kspec braces make an ObjectExpr
    entries: tuple[tuple[Expr, Expr], ...]
    optional: tuple[int, ...] = ()
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class StructExpr:  # Type{f: v}: only in strict CEL
    type_name: str
    fields: tuple[tuple[str, Expr], ...]
    optional: tuple[int, ...] = ()
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Range:  # 1..65535: both ends included
    low: Expr
    high: Expr
    span: Span = _span()


# ---- objects: braces in .kspec; commas optional


@dataclass(frozen=True, slots=True)
class Name:  # spec   "app.kubernetes.io/name"
    """A segment of a path: a field, or a key of a string map."""

    text: str
    quoted: bool = field(default=False, compare=False)
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class ItemKey:  # [web]  ["web"]  [0]
    """The element of a list-map whose key field has this value."""

    text: str
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class EachItem:  # [*]
    """Every element of a list (in `default`, `set` and `at` paths)."""

    span: Span = _span()


PathSegment: TypeAlias = Name | ItemKey | EachItem
Path: TypeAlias = tuple[PathSegment, ...]


@dataclass(frozen=True, slots=True)
class Field:  # path: value   path { ... } is the same with an ObjectExpr (`block` keeps the spelling)
    path: Path
    value: Expr
    block: bool = field(default=False, compare=False)
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class ComputedField:  # (expr): value: a key that is computed; after a comma or first
    key: Expr
    value: Expr
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class ObjectExpr:  # { path: value  path { ... }  (expr): value }
    fields: tuple[Field | ComputedField, ...]
    span: Span = _span()


# ---- formulas: expressions that only properties may hold


@dataclass(frozen=True, slots=True)
class Binding:  # p in pods   port in 1..65535
    name: str
    domain: Expr
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Quantified:  # forall p in pods, q in pods where c: body   exists ...
    quantifier: str
    bindings: tuple[Binding, ...]
    where: Expr | None
    body: Expr
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Temporal:  # always e   eventually e within 10min   never e
    operator: str
    body: Expr
    within: Expr | None = None
    span: Span = _span()


Expr: TypeAlias = (
    Literal
    | Ident
    | Select
    | Index
    | Call
    | Unary
    | Binary
    | Conditional
    | ListExpr
    | MapExpr
    | StructExpr
    | Range
    | ObjectExpr
    | Quantified
    | Temporal
)

# ---------------------------------------------------------------- types


@dataclass(frozen=True, slots=True)
class TypeRef:  # core.Pod   list(core.Pod)   map(string, int)
    name: str
    args: tuple[TypeRef, ...] = ()
    span: Span = _span()


# ---------------------------------------------------------------- statements of rules


@dataclass(frozen=True, slots=True)
class Source:  # source "kube-scheduler 1.36, TaintToleration"
    text: str
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Let:  # let x: T = e
    name: str
    value: Expr
    type: TypeRef | None = None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Return:  # return e
    value: Expr
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Require:  # require e at path else "reason" code "Unresolvable"
    condition: Expr
    at: Path | None = None
    reason: Expr | None = None
    code: str | None = None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Decide:  # allow when e because r   deny when e   pass when e
    decision: str
    condition: Expr
    because: Expr | None = None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class When:  # when e { ... } otherwise { ... }
    condition: Expr
    body: tuple[Statement, ...]
    otherwise: tuple[Statement, ...] = ()
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Each:  # each x in e { ... }
    name: str
    domain: Expr
    body: tuple[Statement, ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Set:  # set path: e
    """Writes a field, present or not. In a `default` rule a plain `path: e` (a `Default`) writes only absent ones."""

    path: Path
    value: Expr
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Default:  # path: e
    path: Path
    value: Expr
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Create:  # create core.Pod from e times n { overrides }
    type: TypeRef
    template: Expr | None
    times: Expr | None
    overrides: ObjectExpr | None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Delete:  # delete e: one object or a list of them
    target: Expr
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Update:  # update e { path: value }
    target: Expr
    changes: ObjectExpr
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Status:  # status { path: value }
    changes: ObjectExpr
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Requeue:  # requeue e: look again after a duration
    after: Expr
    span: Span = _span()


Statement: TypeAlias = (
    Source | Let | Return | Require | Decide | When | Each | Set | Default | Create | Delete | Update | Status | Requeue
)

# ---------------------------------------------------------------- declarations


@dataclass(frozen=True, slots=True)
class Param:  # name: T = e
    name: str
    type: TypeRef
    default: Expr | None = None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Clause:  # owns core.Pod as pods matching e   reads core.Node as nodes   on create   weight 3
    """A clause of a rule's head. `word` is owns, reads, on, weight, after or for; the rest as that word needs it."""

    word: str
    type: TypeRef | None = None
    name: str | None = None
    value: Expr | None = None
    span: Span = _span()


RULE_KINDS = (
    "function",
    "filter",
    "score",
    "authorizer",
    "default",
    "validate",
    "admit",
    "controller",
    "gate",
    "domain",
)


@dataclass(frozen=True, slots=True)
class Rule:  # KIND NAME(params) using c: T: R clauses { statements }
    """Every rule has this one shape; which statements a kind admits is checked by `elaborate`."""

    kind: str
    name: str
    params: tuple[Param, ...]
    using: tuple[Param, ...]
    result: TypeRef | None
    clauses: tuple[Clause, ...]
    body: tuple[Statement, ...]
    doc: str = ""
    span: Span = _span()
    name_span: Span = _span()


@dataclass(frozen=True, slots=True)
class TypeField:  # name: T
    name: str
    type: TypeRef
    doc: str = ""
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class TypeDecl:  # type Name { a: T  b: T }
    name: str
    fields: tuple[TypeField, ...]
    doc: str = ""
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Block:  # cluster NAME { ... }   profile NAME { ... }   resource NAME { ... }
    """A declaration that is data: `keyword` is cluster, profile or resource; nested `Block`s are pools."""

    keyword: str
    name: str
    fields: tuple[Field | ComputedField, ...]
    blocks: tuple[Block, ...] = ()
    doc: str = ""
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Resource:  # Deployment web { ... }   apps.Deployment "web" { ... }
    kind: str
    name: Expr
    fields: tuple[Field | ComputedField, ...]
    doc: str = ""
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Use:  # use web(name: "cart", replicas: 4)
    template: str
    args: tuple[tuple[str, Expr], ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Namespace:  # namespace shop { labels: {...}  Deployment web { ... }  use t(...) }
    name: str
    fields: tuple[Field | ComputedField, ...]
    items: tuple[Resource | Use, ...]
    doc: str = ""
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Template:  # template web(name: string, replicas: int = 3) { resources }
    name: str
    params: tuple[Param, ...]
    items: tuple[Resource | Use, ...]
    doc: str = ""
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class ParamDecl:  # param replicas: int = 3
    name: str
    type: TypeRef
    default: Expr | None
    doc: str = ""
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Import:  # import yaml "k8s/**/*.yaml" as live
    """`what` is yaml, kspec or crds."""

    what: str
    pattern: str
    alias: str | None = None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Kubernetes:  # kubernetes "1.36"
    version: str
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Property:  # prove "title" given { ... }: formula      (assert, prove, forbid)
    verb: str
    title: str
    given: ObjectExpr | None
    formula: Expr
    doc: str = ""
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Expectation:  # holds when Pod x { ... }   violated when Namespace n { ... } Pod x { ... }
    verdict: str
    resources: tuple[Resource | Namespace, ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Expect:  # expect "title" { violated when Pod x { ... } }
    """A test of the property with this title: its verdict once these objects are added."""

    title: str
    cases: tuple[Expectation, ...]
    doc: str = ""
    span: Span = _span()


Declaration: TypeAlias = (
    Rule
    | TypeDecl
    | Block
    | Resource
    | Use
    | Namespace
    | Template
    | ParamDecl
    | Import
    | Kubernetes
    | Property
    | Expect
)


@dataclass(frozen=True, slots=True)
class Comment:  # // text
    """A comment with its place; `fmt` puts it back. Doc comments (`///`) are part of their declaration."""

    text: str
    own_line: bool
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Module:
    """One parsed file."""

    declarations: tuple[Declaration, ...]
    comments: tuple[Comment, ...] = field(default=(), compare=False)
    span: Span = _span()
