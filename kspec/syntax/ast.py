"""The abstract syntax of the language: what the parser makes and `fmt` prints.

Nodes hold no behaviour. The comment at the end of a line is the surface syntax. `span` takes no part in
equality. Expressions are CEL's; declarations wrap them. Nothing here is typed or resolved:
`kspec.elaborate` does that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from kspec.source import NOWHERE, Span
from kspec.syntax.ast_expressions import (
    Binary as Binary,
)
from kspec.syntax.ast_expressions import (
    Binding as Binding,
)
from kspec.syntax.ast_expressions import (
    Call as Call,
)
from kspec.syntax.ast_expressions import (
    ComputedField as ComputedField,
)
from kspec.syntax.ast_expressions import (
    Conditional as Conditional,
)
from kspec.syntax.ast_expressions import (
    EachItem as EachItem,
)
from kspec.syntax.ast_expressions import (
    Expr as Expr,
)
from kspec.syntax.ast_expressions import (
    Field as Field,
)
from kspec.syntax.ast_expressions import (
    Ident as Ident,
)
from kspec.syntax.ast_expressions import (
    Index as Index,
)
from kspec.syntax.ast_expressions import (
    ItemKey as ItemKey,
)
from kspec.syntax.ast_expressions import (
    ListExpr as ListExpr,
)
from kspec.syntax.ast_expressions import (
    Literal as Literal,
)
from kspec.syntax.ast_expressions import (
    MapExpr as MapExpr,
)
from kspec.syntax.ast_expressions import (
    Name as Name,
)
from kspec.syntax.ast_expressions import (
    ObjectExpr as ObjectExpr,
)
from kspec.syntax.ast_expressions import (
    Path as Path,
)
from kspec.syntax.ast_expressions import (
    PathSegment as PathSegment,
)
from kspec.syntax.ast_expressions import (
    Quantified as Quantified,
)
from kspec.syntax.ast_expressions import (
    Range as Range,
)
from kspec.syntax.ast_expressions import (
    Select as Select,
)
from kspec.syntax.ast_expressions import (
    StructExpr as StructExpr,
)
from kspec.syntax.ast_expressions import (
    Temporal as Temporal,
)
from kspec.syntax.ast_expressions import (
    Unary as Unary,
)


def _span() -> Span:
    return field(default=NOWHERE, compare=False, repr=False)


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
    """Writes a field, present or not. In a `default` rule a plain `path: e` (a `Default`) writes only
    absent ones."""

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
    Source
    | Let
    | Return
    | Require
    | Decide
    | When
    | Each
    | Set
    | Default
    | Create
    | Delete
    | Update
    | Status
    | Requeue
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
    """A clause of a rule's head. `word` is owns, reads, on, weight, after or for; the rest as that word
    needs it."""

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
