"""Knows which types and kinds declarations make, and what a written type means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from kspec.elaborate.mistakes import listing, mistake, near
from kspec.ir.types import (
    DYN,
    SCALARS,
    STRING,
    FieldDef,
    Kind,
    ListOf,
    MapOf,
    OptionalOf,
    Record,
    RecordDef,
    Scalar,
    Type,
    TypeTable,
)
from kspec.source import Diagnostic, Span
from kspec.syntax import ast

COMMON = "types"
"""The folder whose types and functions every folder sees without a prefix."""

MAP_KEYS = ("string", "int", "uint", "bool")
HEAD_FIELDS = {
    "apiVersion": FieldDef("apiVersion", STRING),
    "kind": FieldDef("kind", STRING),
    "metadata": FieldDef("metadata", Record("meta.ObjectMeta")),
}
RESOURCE_FIELDS = ("group", "version", "versions", "plural", "singular", "shortNames", "scope", "type")


class Layered(Mapping[str, RecordDef]):
    """The records of a table with further ones before them; the table's own stay undecoded until used."""

    __slots__ = ("_added", "_base")

    def __init__(self, added: Mapping[str, RecordDef], base: Mapping[str, RecordDef]) -> None:
        self._added = added
        self._base = base

    def __getitem__(self, name: str) -> RecordDef:
        found = self._added.get(name)
        return found if found is not None else self._base[name]

    def __contains__(self, name: object) -> bool:
        return name in self._added or name in self._base

    def __iter__(self) -> Iterator[str]:
        yield from self._added
        yield from (name for name in self._base if name not in self._added)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def extended(table: TypeTable, records: Mapping[str, RecordDef], kinds: Iterable[Kind] = ()) -> TypeTable:
    """The table with these records and kinds added."""
    return TypeTable(Layered(records, table.records), (*table.kinds, *kinds))


def qualified(folder: str, name: str) -> str:
    """The full name of a type or function that a folder declares."""
    return name if folder == COMMON else f"{folder}.{name}"


@dataclass(frozen=True, slots=True)
class TypeNames:
    """What a folder may call a type."""

    table: TypeTable
    folder: str

    def find(self, name: str) -> Type | None:
        if name in SCALARS:
            return SCALARS[name]
        for full in (qualified(self.folder, name), name):
            if full in self.table.records:
                return Record(full)
        return None

    def near(self, name: str) -> str:
        own = self.folder + "."
        known = [n.removeprefix(own) for n in self.table.records if n.count(".") <= 1]
        return near(name, [*SCALARS, "list", "map", "optional", *known])


def resolve_type(ref: ast.TypeRef, names: TypeNames, diagnostics: list[Diagnostic]) -> Type:
    """The type that is written there; `dyn` after a mistake, which is reported here and causes no further
    ones.
    """
    arity = {"list": 1, "optional": 1, "map": 2}.get(ref.name, 0)
    known = arity > 0 or names.find(ref.name) is not None
    if not known:
        diagnostics.append(
            mistake("KS2201", f"there is no type `{ref.name}`", ref.span, names.near(ref.name))
        )
    args = [resolve_type(arg, names, diagnostics) for arg in ref.args]
    if not known:
        return DYN
    if len(args) != arity:
        wanted = {
            0: "takes no types in parentheses",
            1: "takes one type",
            2: "takes a key type and a value type",
        }
        help_ = "write `list(T)`, `optional(T)` or `map(string, T)`"
        diagnostics.append(mistake("KS2202", f"`{ref.name}` {wanted[arity]}", ref.span, help_))
        return DYN
    match ref.name:
        case "list":
            return ListOf(args[0])
        case "optional":
            return OptionalOf(args[0])
        case "map":
            return _map_of(ref, args[0], args[1], diagnostics)
        case _:
            return names.find(ref.name) or DYN


def _map_of(ref: ast.TypeRef, key: Type, value: Type, diagnostics: list[Diagnostic]) -> Type:
    if isinstance(key, Scalar) and key.name in (*MAP_KEYS, "dyn"):
        return MapOf(key, value)
    help_ = f"keys are {listing(MAP_KEYS)}"
    diagnostics.append(
        mistake("KS2202", f"`{ref.args[0].name}` cannot be the key of a map", ref.args[0].span, help_)
    )
    return DYN


@dataclass(frozen=True, slots=True)
class Declared:
    """Something that a folder declares, and where."""

    folder: str
    node: ast.TypeDecl | ast.Block


def declare_types(declared: Iterable[Declared], table: TypeTable, diagnostics: list[Diagnostic]) -> TypeTable:
    """The table with all these `type` and `resource` declarations; names first, so that they may refer to
    one another.
    """
    records: dict[str, RecordDef] = {}
    places: dict[str, Span] = {}
    first: list[Declared] = []
    for item in declared:
        full = qualified(item.folder, item.node.name)
        if isinstance(item.node, ast.TypeDecl) and _is_new(item.node, full, table, places, diagnostics):
            records[full] = RecordDef(full, {}, item.node.doc)
            first.append(item)
    table = extended(table, records)
    for item in first:
        node = item.node
        assert isinstance(node, ast.TypeDecl)
        full = qualified(item.folder, node.name)
        fields = _fields(node, TypeNames(table, item.folder), diagnostics)
        records[full] = RecordDef(full, fields, node.doc)
    kinds: list[Kind] = []
    for item in declared:
        if isinstance(item.node, ast.Block):
            kinds += _declare_resource(item.node, item.folder, table, records, kinds, diagnostics)
    return replace(table, kinds=(*table.kinds, *kinds))


def _is_new(
    node: ast.TypeDecl, full: str, table: TypeTable, places: dict[str, Span], diagnostics: list[Diagnostic]
) -> bool:
    if full in places:
        diagnostics.append(
            mistake(
                "KS2203", f"type `{node.name}` is declared twice", node.span, "", (places[full], "first here")
            )
        )
        return False
    if full in table.records or node.name in SCALARS or node.name in ("list", "map", "optional"):
        diagnostics.append(
            mistake("KS2203", f"there is a type `{node.name}` already", node.span, "choose another name")
        )
        return False
    places[full] = node.span
    return True


def _fields(node: ast.TypeDecl, names: TypeNames, diagnostics: list[Diagnostic]) -> dict[str, FieldDef]:
    fields: dict[str, FieldDef] = {}
    places: dict[str, Span] = {}
    for field in node.fields:
        type_ = resolve_type(field.type, names, diagnostics)
        if field.name in fields:
            message = f"field `{field.name}` of `{node.name}` is declared twice"
            diagnostics.append(mistake("KS2203", message, field.span, "", (places[field.name], "first here")))
            continue
        places[field.name] = field.span
        fields[field.name] = FieldDef(field.name, type_, description=field.doc)
    return fields


def _declare_resource(
    node: ast.Block,
    folder: str,
    table: TypeTable,
    records: dict[str, RecordDef],
    known: list[Kind],
    diagnostics: list[Diagnostic],
) -> list[Kind]:
    """`resource NAME { group version plural singular shortNames scope type }` makes a kind, or one for each
    of `versions`, the preferred one first; its record is the type's.
    """
    values = _resource_values(node, diagnostics)
    if values is None:
        return []
    type_name = str(values.get("type", node.name))
    names = TypeNames(table, folder)
    found = names.find(type_name)
    if not isinstance(found, Record):
        message = f"there is no type `{type_name}` for the resource `{node.name}`"
        help_ = names.near(type_name) or f"declare `type {type_name} {{ spec: ... }}`"
        diagnostics.append(mistake("KS2201", message, node.span, help_))
        return []
    made = [
        Kind(
            group=str(values.get("group", "")),
            version=version,
            kind=node.name,
            record=found.name,
            plural=str(values.get("plural", node.name.lower() + "s")),
            namespaced=values.get("scope", "Namespaced") == "Namespaced",
            singular=str(values.get("singular", node.name.lower())),
            short_names=_texts(values.get("shortNames", ())),
        )
        for version in _texts(values.get("versions", values.get("version", "v1")))
    ]
    taken = {(k.kind, k.api_version) for k in (*table.kinds, *known)}
    for kind in made:
        if (kind.kind, kind.api_version) in taken:
            message = f"there is a kind `{kind.kind}` of `{kind.api_version}` already"
            diagnostics.append(mistake("KS2203", message, node.span, "choose another name, group or version"))
            return []
    record = table.records[found.name]
    records[found.name] = replace(record, fields={**HEAD_FIELDS, **record.fields})
    return made


def _texts(value: object) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, tuple) else (str(value),)


def _resource_values(
    node: ast.Block, diagnostics: list[Diagnostic]
) -> dict[str, str | tuple[str, ...]] | None:
    """The fields of a `resource` block, all plain texts; None after a mistake."""
    values: dict[str, str | tuple[str, ...]] = {}
    before = len(diagnostics)
    for field in node.fields:
        name = (
            ".".join(s.text for s in field.path if isinstance(s, ast.Name))
            if isinstance(field, ast.Field)
            else ""
        )
        if name not in RESOURCE_FIELDS:
            help_ = near(name, RESOURCE_FIELDS) or f"a resource has {listing(RESOURCE_FIELDS)}"
            diagnostics.append(mistake("KS2204", f"a resource has no field `{name}`", field.span, help_))
            continue
        value = _plain(field.value)
        wants_list = name in ("shortNames", "versions")
        if value is None or isinstance(value, tuple) != wants_list:
            wanted = "a list of texts" if wants_list else "a text"
            diagnostics.append(mistake("KS2204", f"`{name}` of a resource is {wanted}", field.value.span))
        elif name == "scope" and value not in ("Namespaced", "Cluster"):
            diagnostics.append(
                mistake(
                    "KS2204", f"`{value}` is not a scope", field.value.span, "write `Namespaced` or `Cluster`"
                )
            )
        else:
            values[name] = value
    return values if len(diagnostics) == before else None


def _plain(value: ast.Expr) -> str | tuple[str, ...] | None:
    """A string, a (dotted) name, or a list of those."""
    match value:
        case ast.Literal(kind="string", value=str() as text) | ast.Ident(name=text):
            return text
        case ast.Select(operand=operand, field=field):
            head = _plain(operand)
            return f"{head}.{field}" if isinstance(head, str) else None
        case ast.ListExpr(elements=elements):
            parts = [_plain(e) for e in elements]
            texts = [p for p in parts if isinstance(p, str)]
            return tuple(texts) if len(texts) == len(parts) else None
        case _:
            return None
