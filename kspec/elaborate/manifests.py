"""Knows how resources, namespaces and templates become manifests: objects as a user would apply them, with
places.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from kspec.elaborate.context import Context
from kspec.elaborate.kinds import find_kind
from kspec.elaborate.mistakes import near
from kspec.elaborate.templates import Template
from kspec.elaborate.values import Builder, Path, Spot, Surroundings
from kspec.ir.types import DYN, STRING, FieldDef, Kind, Record
from kspec.source import Diagnostic, Span
from kspec.syntax import ast

SHORT_FIELDS = ("labels", "annotations")
"""Fields that a `namespace` block takes for those of its metadata."""

NAMESPACE = ("v1", "Namespace")

USES_MAX = 20_000
"""How many times templates may be used in one file, uses inside templates among them."""

Chain = tuple[Span, ...]
"""The `use` declarations through which a resource came to be, outermost first."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object as JSON, and where its parts stand. `implied`: a `namespace` block without fields made it,
    so that it

    gives way to an object of that name from elsewhere."""

    value: dict[str, Any]
    positions: Mapping[Path, Span] = field(compare=False)
    span: Span = field(compare=False)
    chain: Chain = field(default=(), compare=False)
    implied: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a resource stands: in which namespace, and reached through which uses."""

    namespace: str | None = None
    chain: Chain = ()


class Manifests:
    """Makes the manifests of one file."""

    def __init__(self, context: Context, around: Surroundings, templates: Mapping[str, Template]) -> None:
        self.context = context
        self.around = around
        self.templates = templates
        self.namespaces: dict[str, tuple[Builder, Manifest]] = {}
        self.uses = 0

    def all_of(self, items: Iterable[ast.Declaration]) -> list[Manifest]:
        """The objects of a file. What several blocks of one namespace say is joined in the first."""
        made = self.of_items(items, Place(), self.around)
        named = {m.value["metadata"]["name"] for m in made if not m.implied and _is_namespace(m)}
        said = {id(m.value): m for _, m in self.namespaces.values()}
        joined = [said.get(id(m.value), m) for m in made]
        return [m for m in joined if not (m.implied and m.value["metadata"]["name"] in named)]

    def of_case(self, node: ast.Expectation) -> tuple[dict[str, Any], ...]:
        """The objects of one case of an `expect`, as a user would apply them."""
        case = Manifests(self.context, self.around, self.templates)
        return tuple(m.value for m in case.all_of(node.resources))

    def of_items(
        self, items: Iterable[ast.Declaration], place: Place, around: Surroundings
    ) -> list[Manifest]:
        """The objects of these resources, uses and namespaces, in order."""
        made: list[Manifest] = []
        for item in items:
            match item:
                case ast.Resource():
                    found = self._resource(item, place, around)
                    made += [found] if found is not None else []
                case ast.Use():
                    made += self._use(item, place, around)
                case ast.Namespace():
                    made += self._namespace(item, around)
                case _:
                    pass
        return made

    # ---------------------------------------------------------------- one resource

    def _resource(
        self, node: ast.Resource, place: Place, around: Surroundings, checking: bool = False
    ) -> Manifest | None:
        builder = Builder(self._context(place), around, checking)
        head = Spot((), STRING, FieldDef("name", STRING))
        name = builder.leaf(node.name, head)
        api_version = _given_version(node)
        kind = find_kind(node, api_version, self.context)
        if kind is None and api_version is None:
            return None
        record = kind.record if kind is not None else None
        value = _head(kind, node, api_version or "", name)
        spot = Spot((), Record(record) if record is not None else DYN, FieldDef("", DYN))
        for path in (("apiVersion",), ("kind",)):
            builder.positions[path] = node.span
        builder.positions[("metadata", "name")] = node.name.span
        fields = [f for f in node.fields if not _is_head(f)]
        if place.namespace is not None and (kind is None or kind.namespaced):
            value["metadata"]["namespace"] = place.namespace
        builder.fill(value, _checked_identity(fields, value, builder), spot)
        return Manifest(value, builder.positions, node.span, place.chain)

    def _context(self, place: Place) -> Context:
        """Mistakes inside a template are told with the uses that led there."""
        if not place.chain:
            return self.context
        return Context(
            self.context.view, self.context.kind, diagnostics=Chained(self.context.diagnostics, place.chain)
        )

    # ---------------------------------------------------------------- namespaces

    def _namespace(self, node: ast.Namespace, around: Surroundings) -> list[Manifest]:
        """The Namespace itself, made by its first block, then what is in it."""
        made: list[Manifest] = []
        if node.name not in self.namespaces:
            value: dict[str, Any] = {
                "apiVersion": NAMESPACE[0], "kind": NAMESPACE[1], "metadata": {"name": node.name},
            }  # fmt: skip
            builder = Builder(self.context, around)
            for path in (("apiVersion",), ("kind",), ("metadata", "name")):
                builder.positions[path] = node.span
            manifest = Manifest(value, builder.positions, node.span, implied=True)
            self.namespaces[node.name] = (builder, manifest)
            made.append(manifest)
        builder, manifest = self.namespaces[node.name]
        builder.fill(manifest.value, [_full_path(f) for f in node.fields], _spot_of_namespace())
        if node.fields:
            self.namespaces[node.name] = (builder, replace(manifest, implied=False))
        return made + self.of_items(node.items, Place(node.name), around)

    # ---------------------------------------------------------------- templates

    def check_templates(self) -> None:
        """Types what every template holds, whether it is used or not."""
        for template in self.templates.values():
            around = self.around
            for param in template.params:
                around = around.bind(param.name, param.type, None, None)
            for item in template.node.items:
                if isinstance(item, ast.Resource):
                    self._resource(item, Place(), around, checking=True)
                else:
                    self._arguments(item, around, checking=True)

    def _use(self, node: ast.Use, place: Place, around: Surroundings) -> list[Manifest]:
        template = self.templates.get(node.template)
        if template is None or template.recursive:
            if template is None:
                self._unknown_template(node)
            return []
        self.uses += 1
        if self.uses >= USES_MAX:
            if self.uses == USES_MAX:
                help_ = "templates that use one another many times multiply"
                self.context.report(
                    "KS2237", f"there are more than {USES_MAX} uses of templates", node.span, help_
                )
            return []
        before = len(self.context.diagnostics)
        values = self._arguments(node, around)
        if values is None or len(self.context.diagnostics) > before:
            return []
        inner = self.around
        for param in template.params:
            inner = inner.bind(param.name, param.type, *values[param.name])
        return self.of_items(template.node.items, Place(place.namespace, (*place.chain, node.span)), inner)

    def _unknown_template(self, node: ast.Use) -> None:
        help_ = near(node.template, self.templates)
        self.context.report("KS2233", f"there is no template `{node.template}`", node.span, help_)

    def _arguments(
        self, node: ast.Use, around: Surroundings, checking: bool = False
    ) -> dict[str, tuple[object, Any]] | None:
        """Value and plain data of every parameter of the template; None after a mistake."""
        template = self.templates.get(node.template)
        if template is None:
            if checking:
                self._unknown_template(node)
            return None
        return template.bind(node, self.context, around, self.around, checking)


class Chained(list[Diagnostic]):
    """A list of diagnostics that hands what it gets to another, with notes about the uses that led there."""

    def __init__(self, into: list[Diagnostic], chain: Chain) -> None:
        super().__init__()
        self._into = into
        self._notes = tuple((span, "used here") for span in reversed(chain))

    def append(self, diagnostic: Diagnostic) -> None:
        super().append(diagnostic)
        known = {(d.code, d.span) for d in self._into}
        if (diagnostic.code, diagnostic.span) not in known:
            self._into.append(replace(diagnostic, notes=(*diagnostic.notes, *self._notes)))

    def __iadd__(self, more: Iterable[Diagnostic]) -> Chained:  # type: ignore[misc, override]
        for diagnostic in more:
            self.append(diagnostic)
        return self


# ---------------------------------------------------------------- heads


def _name_of(entry: ast.Field | ast.ComputedField) -> str:
    if not isinstance(entry, ast.Field):
        return ""
    return ".".join(s.text for s in entry.path if isinstance(s, ast.Name))


def _given_version(node: ast.Resource) -> str | None:
    for entry in node.fields:
        if _name_of(entry) == "apiVersion" and isinstance(entry.value, ast.Literal):
            return str(entry.value.value)
    return None


def _is_head(entry: ast.Field | ast.ComputedField) -> bool:
    return _name_of(entry) == "apiVersion" and isinstance(entry.value, ast.Literal)


def _head(kind: Kind | None, node: ast.Resource, api_version: str, name: object) -> dict[str, Any]:
    return {
        "apiVersion": kind.api_version if kind is not None else api_version,
        "kind": kind.kind if kind is not None else node.kind.rpartition(".")[2],
        "metadata": {"name": name},
    }


def _checked_identity(
    fields: list[ast.Field | ast.ComputedField], value: dict[str, Any], builder: Builder
) -> list[ast.Field | ast.ComputedField]:
    """The fields but for those that repeat what the head says; what contradicts it is reported."""
    metadata = value["metadata"]
    identity = {
        "metadata.name": metadata.get("name"),
        "metadata.namespace": metadata.get("namespace"),
        "kind": value["kind"],
    }
    kept = []
    for entry in fields:
        said = identity.get(_name_of(entry))
        if said is None or builder.checking:
            kept.append(entry)
            continue
        given = builder.leaf(entry.value, Spot((), STRING, FieldDef("", STRING)))
        if given is not None and given != said:
            message = f"`{_name_of(entry)}` is `{said}` already"
            builder.context.report("KS2231", message, entry.span, "leave the field out")
    return kept


def _is_namespace(manifest: Manifest) -> bool:
    return (manifest.value["apiVersion"], manifest.value["kind"]) == NAMESPACE


def _spot_of_namespace() -> Spot:
    return Spot((), Record("core.Namespace"), FieldDef("", DYN))


def _full_path(entry: ast.Field | ast.ComputedField) -> ast.Field | ast.ComputedField:
    """`labels` in a namespace block is `metadata.labels`."""
    if (
        isinstance(entry, ast.Field)
        and isinstance(entry.path[0], ast.Name)
        and entry.path[0].text in SHORT_FIELDS
    ):
        return replace(entry, path=(ast.Name("metadata", span=entry.path[0].span), *entry.path))
    return entry
