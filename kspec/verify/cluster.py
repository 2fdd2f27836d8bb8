"""Knows the `Cluster` that a property sees: the objects at hand, defaulted, by kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from kspec.ir.types import Record, TypeTable
from kspec.model.program import cluster_fields
from kspec.resources.decode import decode
from kspec.resources.objects import encode
from kspec.runtime.rulebook import load_rulebook
from kspec.source import DiagnosticError, has_errors
from kspec.verify.access.aggregation import aggregate, is_aggregated
from kspec.verify.foreign import foreign

if TYPE_CHECKING:
    from kspec.resources.load import Workspace

Object = dict[str, Any]
Defaulting = Callable[[str, Object], Object]
"""Applies the default rules of a record type to an object of it."""


def undefaulted(record: str, obj: Object) -> Object:
    return obj


def cluster_of(
    objects: Iterable[tuple[str, Object]],
    table: TypeTable,
    defaulting: Defaulting = undefaulted,
    share: bool = True,
    sharing: Sharing | None = None,
) -> Object:
    """The cluster that these decoded objects make, each with its record type; in order of namespace and
    name. The last of a name counts. `share`: equal parts are one, which a solver's reading is quicker for;
    `sharing`: of several clusters, so that they share parts too.
    """
    fields = {record: name for name, record in cluster_fields(table).items()}
    found: dict[str, dict[tuple[str, ...], Object]] = {name: {} for name in fields.values()}
    for record, obj in objects:
        if record in fields:
            found[fields[record]][_key(obj)] = defaulting(record, obj)
    if not share:
        return {name: [its[key] for key in sorted(its)] for name, its in found.items() if its}
    shared = sharing or Sharing()
    return {name: [shared.of(its[key]) for key in sorted(its)] for name, its in found.items() if its}


def objects_in(workspace: Workspace, table: TypeTable) -> Iterator[tuple[str, Object]]:
    """What rules see of the objects of a workspace, each with its record type."""
    for each in workspace.objects:
        if each.kind is not None and each.decoded:
            yield each.kind.record, each.decoded
    yield from foreign((each.value for each in workspace.objects), table)


class Sharing:
    """Makes equal parts of values one and the same, so that a rule that is asked of one is not asked again
    of the others.
    """

    def __init__(self) -> None:
        self._known: dict[object, object] = {}

    def of(self, value: Any) -> Any:
        """The value, of parts that are shared."""
        if isinstance(value, dict):
            made: object = {name: self.of(each) for name, each in value.items()}
            key: object = tuple((name, _mark(each)) for name, each in made.items())  # type: ignore[attr-defined]
        elif isinstance(value, list):
            made = [self.of(each) for each in value]
            key = ("list", *map(_mark, made))
        else:
            return value
        return self._known.setdefault(key, made)


def _mark(value: object) -> object:
    """What is equal for parts that are one: containers by identity, since equal ones are the same by now."""
    return id(value) if isinstance(value, (dict, list)) else (type(value), value)


def settled(cluster: Object) -> Object:
    """The cluster once the controller that fills aggregated ClusterRoles has come to rest."""
    roles = cluster.get("clusterRoles") or []
    if not any(is_aggregated(r) for r in roles):
        return cluster
    return {**cluster, "clusterRoles": aggregate(roles, load_rulebook())}


def with_objects(
    cluster: Mapping[str, object],
    added: Iterable[Object],
    table: TypeTable,
    defaulting: Defaulting = undefaulted,
) -> Object:
    """The cluster with these raw objects added, as if they were applied. DiagnosticError if one does not
    fit its type.
    """
    records = cluster_fields(table)
    objects = [(records[name], obj) for name, its in cluster.items() if isinstance(its, list) for obj in its]
    for raw in added:
        objects += foreign([raw], table)
        kind = table.find_kind(str(raw.get("apiVersion", "")), str(raw.get("kind", "")))
        if kind is None:
            continue  # a custom resource: of its kind no rule has a type
        value, diagnostics = decode(raw, Record(kind.record), table)
        if has_errors(diagnostics):
            raise DiagnosticError(diagnostics)
        objects.append((kind.record, defaulting(kind.record, value)))
    others = {name: its for name, its in cluster.items() if not isinstance(its, list)}
    return {**settled(cluster_of(objects, table)), **others}


def _key(obj: Object) -> tuple[str, ...]:
    """Of the objects of one list those of other engines alone may have different kinds."""
    metadata = obj.get("metadata") or {}
    names = metadata.get("namespace"), metadata.get("name"), obj.get("kind")
    return tuple(str(each or "") for each in names)


def manifest(record: str, value: Object, table: TypeTable) -> Object:
    """A value of a record type as an object that a user could apply."""
    kind = table.kind_of_record(record)
    head = {} if kind is None else {"apiVersion": kind.api_version, "kind": kind.kind}
    body: Object = encode(value)
    return {**head, **{name: each for name, each in body.items() if name not in head}}
