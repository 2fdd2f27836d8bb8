"""The abstract syntax of the language: what the parser makes and `fmt` prints.

Nodes hold no behaviour. The comment at the end of a line is the surface syntax. `span` takes no part in
equality. Expressions are CEL's; declarations wrap them. Nothing here is typed or resolved:
`kspec.elaborate` does that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from kspec.source import Span
from kspec.syntax.ast_expressions import (
    Binary,
    Binding,
    Call,
    ComputedField,
    Conditional,
    EachItem,
    Expr,
    Field,
    Ident,
    Index,
    ItemKey,
    ListExpr,
    Literal,
    MapExpr,
    Name,
    ObjectExpr,
    Path,
    PathSegment,
    Quantified,
    Range,
    Select,
    StructExpr,
    Temporal,
    Unary,
    _span,
)
from kspec.syntax.ast_statements import (
    Create,
    Decide,
    Default,
    Delete,
    Each,
    Let,
    Requeue,
    Require,
    Return,
    Set,
    Source,
    Statement,
    Status,
    TypeRef,
    Update,
    When,
)

__all__ = [
    "RULE_KINDS",
    "Binary",
    "Binding",
    "Block",
    "Call",
    "Clause",
    "Comment",
    "ComputedField",
    "Conditional",
    "Create",
    "Decide",
    "Declaration",
    "Default",
    "Delete",
    "Each",
    "EachItem",
    "Expect",
    "Expectation",
    "Expr",
    "Field",
    "Ident",
    "Import",
    "Index",
    "ItemKey",
    "Kubernetes",
    "Let",
    "ListExpr",
    "Literal",
    "MapExpr",
    "Module",
    "Name",
    "Namespace",
    "ObjectExpr",
    "Param",
    "ParamDecl",
    "Path",
    "PathSegment",
    "Property",
    "Quantified",
    "Range",
    "Requeue",
    "Require",
    "Resource",
    "Return",
    "Rule",
    "Select",
    "Set",
    "Source",
    "Statement",
    "Status",
    "StructExpr",
    "Template",
    "Temporal",
    "TypeDecl",
    "TypeField",
    "TypeRef",
    "Unary",
    "Update",
    "Use",
    "When",
]

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
