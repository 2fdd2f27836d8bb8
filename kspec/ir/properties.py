"""Knows what a property is once names are resolved: quantifiers in front, one boolean expression behind."""

from __future__ import annotations

from dataclasses import dataclass, field

from kspec.ir.nodes import Expr
from kspec.ir.types import Type
from kspec.source import NOWHERE, Span


@dataclass(frozen=True, slots=True)
class Quantifier:
    """`p in pods` (a domain rule: everything that could exist), `port in 1..65535` (a range), `d in
    cluster.deployments` (a list)."""

    name: str
    type: Type
    domain: str = ""  # id of a domain rule, or ""
    low: Expr | None = None
    high: Expr | None = None
    members: Expr | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ExpectCase:
    """`verdict` (holds or violated) once these objects (raw, as a user would apply them) are added."""

    verdict: str
    objects: tuple[dict[str, object], ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Property:
    """`assert`, `prove`, `forbid`, over the variable `cluster: Cluster`.

    `holds` is what must be true for every choice of the quantified variables (for `some`: for at least
    one): a `forbid exists x where c: b` has been turned into `forall x: !(c && b)`. `temporal` is "",
    "always", "eventually" or "never".
    """

    verb: str
    title: str
    quantifiers: tuple[Quantifier, ...]
    some: bool
    holds: Expr
    temporal: str = ""
    within: Expr | None = None
    given: Expr | None = None
    expects: tuple[ExpectCase, ...] = ()
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False, repr=False)
