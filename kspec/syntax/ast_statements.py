"""Knows the nodes of types and of the statements of rules. Use them as `kspec.syntax.ast`.

The comment at the end of a line is the surface syntax. `span` takes no part in equality.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from kspec.source import Span
from kspec.syntax.ast_expressions import Expr, ObjectExpr, Path, _span

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
class Each:  # each x in e { ... }, each i, x in e { ... }
    name: str
    domain: Expr
    body: tuple[Statement, ...]
    index: str = ""
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
