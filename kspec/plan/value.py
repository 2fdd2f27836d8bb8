"""Knows what a plan is: one value that every rendering reads. Values in it are JSON, as the API writes
them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple


class Ref(NamedTuple):
    """An object by its identity. `namespace` is "" for a cluster-scoped one."""

    api_version: str
    kind: str
    namespace: str
    name: str

    @property
    def place(self) -> str:
        """Namespace and name, or the name alone."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    def __str__(self) -> str:
        return f"{self.kind} {self.place}"


class Verb(Enum):
    """What happens to an object. The mark in front of it is the one that terraform's users know."""

    CREATE = "create"
    CHANGE = "change"
    REPLACE = "replace"
    DELETE = "delete"
    KEEP = "keep"

    @property
    def mark(self) -> str:
        return {"create": "+", "change": "~", "replace": "-/+", "delete": "-", "keep": " "}[self.value]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs. `old` or `new` is absent (None) where the field is added or removed.

    `path` is as a reader would write it: `spec.template.spec.containers[web].image`. `sensitive`: both
    values are masked. `forces`: why this change cannot be made in place, if so.
    """

    path: str
    old: Any = None
    new: Any = None
    sensitive: bool = False
    forces: str = ""


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """What happens to one object of the input. `refusal`: why the API server would not take it, if so."""

    verb: Verb
    object: Ref
    fields: tuple[FieldChange, ...] = ()
    refusal: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class PodRow:
    """One pod that exists in the end. `fate`: new, kept, or gone; `why` says what keeps it from running."""

    object: Ref
    owner: Ref | None
    workload: Ref | None
    node: str
    phase: str
    ready: bool
    fate: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Workload:
    """An object that makes pods, or makes what makes pods; `wanted` is None where it does not say a
    number.
    """

    object: Ref
    wanted: int | None
    pods: int
    ready: int
    owned: tuple[Workload, ...] = ()


@dataclass(frozen=True, slots=True)
class NodeRow:
    """A node and how full it gets: per resource what pods request and what there is, as quantities."""

    name: str
    pods: int
    usage: tuple[tuple[str, str, str, int], ...] = ()
    """(resource, requested, allocatable, percent)"""


class AddressRow(NamedTuple):
    """What one object is given: address, block or port, by what it is for. `short`: where none was left, and
    `shortage`: what that comes to.
    """

    object: Ref
    given: tuple[tuple[str, str], ...]
    short: tuple[str, ...] = ()
    shortage: str = ""


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of those that have none of their own, and what they rest on."""

    rows: tuple[AddressRow, ...]
    assumptions: tuple[str, ...]

    @property
    def short(self) -> tuple[tuple[Ref, str], ...]:
        """Those for whom none was left, each with what that comes to."""
        return tuple((row.object, row.shortage) for row in self.rows if row.short)


@dataclass(frozen=True, slots=True)
class Totals:
    """The figures that stand first. `running` and `pending` count the pods in the end."""

    create: int = 0
    change: int = 0
    replace: int = 0
    delete: int = 0
    keep: int = 0
    refused: int = 0
    pods: int = 0
    running: int = 0
    pending: int = 0
    new_pods: int = 0
    gone_pods: int = 0
    nodes: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a change would do; `cluster` says in a few words where the nodes come from.

    `made` are the objects that controllers make besides workloads and pods.

    What it does not say: `custom` are objects that no type describes, by kind; `overlooked` is what
    pods ask for that no rule looks at, and whose pods do; `inert` counts the objects that are kept but
    that nothing acts on, by kind. `addresses`: None where nobody has asked for them; `short`: who lacks one,
    and what that comes to.
    """

    kubernetes: str
    cluster: str
    totals: Totals
    changes: tuple[ObjectChange, ...]
    workloads: tuple[Workload, ...]
    pods: tuple[PodRow, ...]
    nodes: tuple[NodeRow, ...]
    made: tuple[Ref, ...] = ()
    custom: tuple[tuple[str, tuple[Ref, ...]], ...] = ()
    overlooked: tuple[tuple[str, tuple[Ref, ...]], ...] = ()
    inert: tuple[tuple[str, int], ...] = ()
    assumptions: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    failures: int = 0
    """So many of the problems are requests of controllers that the API server refuses in the end."""
    addresses: Addresses | None = None
    short: tuple[tuple[Ref, str], ...] = ()
    trace: tuple[str, ...] = field(default=(), repr=False)

    @property
    def has_changes(self) -> bool:
        t = self.totals
        return bool(t.create + t.change + t.replace + t.delete)

    @property
    def settles(self) -> bool:
        """Nothing is refused, nothing pending, and no rule was without an answer."""
        return not (self.totals.refused or self.totals.pending or self.problems)
