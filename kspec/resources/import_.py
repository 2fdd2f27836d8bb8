"""Knows how objects are written in the language: each as a declaration with Kubernetes' own field names.

What differs from YAML is only spelling: dotted paths instead of nesting, `containers[web]` for the elements
of a list-map, quantities without quotes. Exporting what was imported gives the same objects.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kspec.ir.types import DYN, QUANTITY, STRING, FieldDef, Kind, ListOf, MapOf, Record, Type, TypeTable
from kspec.resources.comments import comments_of
from kspec.resources.export import canonical_object
from kspec.resources.objects import KubeObject
from kspec.resources.places import Path
from kspec.resources.yaml import Document
from kspec.source import Diagnostic, SourceFile

WIDTH = 88
SPINE_MAX = 3
"""So many names are joined with dots before a block is opened."""

Comments = Mapping[Path, list[str]]


def to_kspec(
    objects: Iterable[KubeObject], table: TypeTable, comments: bool = True
) -> tuple[str, list[Diagnostic]]:
    """The objects in the language, in order, formatted; and which of them cannot be said in it.

    With `comments`, those of the objects' YAML files stand before the fields that they are about.
    """
    from kspec.syntax.format import format_module

    mistakes: list[Diagnostic] = []
    written: list[str] = []
    last: tuple[str, int] = ("", 0)
    for each in objects:
        reason = _why_not_written(each)
        if reason:
            mistakes.append(Diagnostic("KS2616", reason, each.span, help="import its YAML file instead"))
            continue
        about: Comments = {}
        document = each.where
        if comments and isinstance(document, Document) and not each.base:
            path, end = last
            about = comments_of(document, end if path == document.file.path else 0)
            last = (document.file.path, document.end)
        value = canonical_object(each, table)
        if _namespace_was_filled_in(each):
            value["metadata"] = {k: v for k, v in value["metadata"].items() if k != "namespace"}
        written.append("\n".join(_Writer(table, about).object(value)))
    text = "\n\n".join(written)
    return (format_module(SourceFile("<imported>", text + "\n")) if written else ""), mistakes


def _why_not_written(each: KubeObject) -> str:
    """What of an object has no spelling in the language; empty if all of it has."""
    if not each.value["metadata"].get("name"):
        return f"{each.key.kind} has a generated name, which a declaration cannot have"
    if not _KIND.fullmatch(each.key.kind):
        return f"`{each.key.kind}` is not the name of a kind"
    if _has_null_element(each.value):
        return f"{each.key} holds a list with null in it, which a declaration cannot have"
    return ""


def _namespace_was_filled_in(each: KubeObject) -> bool:
    """Was it the loader that said in which namespace the object is?"""
    written: Any = each.where.value if isinstance(each.where, Document) else each.value
    for segment in each.base if isinstance(each.where, Document) else ():
        written = written[segment]
    return not written["metadata"].get("namespace")


def _has_null_element(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_null_element(v) for v in value.values())
    return isinstance(value, list) and any(v is None or _has_null_element(v) for v in value)


class _Writer:
    """Writes one object as lines. The formatter mends indentation; here lines break where a reader wants
    it."""

    def __init__(self, table: TypeTable, comments: Comments) -> None:
        self.table = table
        self.comments = comments

    def object(self, value: dict[str, Any]) -> Iterator[str]:
        kind = self.table.find_kind(str(value["apiVersion"]), value["kind"])
        record = self.table.record(kind.record) if kind else None
        metadata = dict(value["metadata"])
        yield from self.about(())
        yield from self.about(("apiVersion",))
        yield from self.about(("kind",))
        yield f"{value['kind']} {_resource_name(metadata.pop('name'))} {{"
        yield from self.about(("metadata",))
        yield from self.about(("metadata", "name"))
        if kind is None or not self._is_meant_by_name(kind):
            yield f"apiVersion: {_quote(value['apiVersion'])}"
        for key, item in metadata.items():
            yield from self.field(
                ("metadata",), key, item, self._definition(Record("meta.ObjectMeta"), key), ("metadata",)
            )
        for key, item in value.items():
            if key not in ("apiVersion", "kind", "metadata"):
                definition = record.fields.get(key) if record else None
                yield from self.field((), key, item, definition or FieldDef(key, DYN), ())
        yield "}"

    def _is_meant_by_name(self, kind: Kind) -> bool:
        """Does the bare name of the kind mean this kind, in this version?"""
        from kspec.elaborate.kinds import is_preferred

        return [k for k in self.table.kinds if k.kind == kind.kind and is_preferred(k)] == [kind]

    def about(self, path: Path) -> Iterator[str]:
        for text in self.comments.get(path, ()):
            yield f"// {text}".rstrip()

    def field(
        self, spine: tuple[str, ...], key: str, value: Any, definition: FieldDef, above: Path
    ) -> Iterator[str]:
        """The lines of one field; `spine` are the names that stand before it on its line, `above` its
        container."""
        path = (*above, key)
        yield from self.about(path)
        spine = (*spine, _key(key))
        head = ".".join(spine)
        keyed = self._keyed(value, definition)
        if keyed:
            for index, item in enumerate(value):
                name = item[keyed]
                rest = {k: v for k, v in item.items() if k != keyed}
                yield from self.about((*path, index, keyed))
                element = definition.type.element if isinstance(definition.type, ListOf) else DYN
                yield from self.block(f"{head}[{_resource_name(name)}]", rest, element, (*path, index))
        elif isinstance(value, dict) and (
            len(value) == 1 or (value and not self.fits(head, value, definition, path))
        ):
            if _is_dotted(value, definition.type) and (len(value) == 1 or len(spine) < SPINE_MAX):
                for name, item in value.items():
                    yield from self.field(spine, name, item, self._definition(definition.type, name), path)
            else:
                yield from self.block(head, value, definition.type, path)
        elif isinstance(value, list) and value and not self.fits(head, value, definition, path):
            yield f"{head}: ["
            element = definition.type.element if isinstance(definition.type, ListOf) else DYN
            for index, item in enumerate(value):
                yield from self.element(item, element, (*path, index))
            yield "]"
        else:
            yield f"{head}: {self.inline(value, definition.type)}"

    def block(self, head: str, value: dict[str, Any], type_: Type, path: Path) -> Iterator[str]:
        if self.fits(head, value, FieldDef("", type_), path):
            yield f"{head}: {self.inline(value, type_)}"
            return
        yield f"{head}: {{"
        for name, item in value.items():
            yield from self.field((), name, item, self._definition(type_, name), path)
        yield "}"

    def element(self, value: Any, type_: Type, path: Path) -> Iterator[str]:
        yield from self.about(path)
        if isinstance(value, dict) and value and not self.fits("", value, FieldDef("", type_), path):
            yield "{"
            for name, item in value.items():
                yield from self.field((), name, item, self._definition(type_, name), path)
            yield "},"
        else:
            yield f"{self.inline(value, type_)},"

    # ---- values on one line

    def fits(self, head: str, value: Any, definition: FieldDef, path: Path) -> bool:
        """Can this value stand on one line: no comments in it, no text of several lines, not too long?"""
        if any(p[: len(path)] == path and p != path for p in self.comments):
            return False
        if _is_tall(value):
            return False
        return len(head) + len(self.inline(value, definition.type)) <= WIDTH

    def inline(self, value: Any, type_: Type) -> str:
        match value:
            case dict():
                if not value:
                    return "{}"
                fields = (self._inline_field(k, v, self._definition(type_, k)) for k, v in value.items())
                return "{ " + "  ".join(fields) + " }"
            case list():
                element = type_.element if isinstance(type_, ListOf) else DYN
                return "[" + ", ".join(self.inline(v, element) for v in value) + "]"
            case bool():
                return "true" if value else "false"
            case str():
                bare = type_ == QUANTITY and _QUANTITY.fullmatch(value)
                return value if bare else _triple_quoted(value) or _quote(value)
        return repr(value)

    def _inline_field(self, key: str, value: Any, definition: FieldDef) -> str:
        keyed = self._keyed(value, definition)
        if keyed and isinstance(definition.type, ListOf):
            element = definition.type.element
            rests = [(v[keyed], {k: x for k, x in v.items() if k != keyed}) for v in value]
            return "  ".join(f"{_key(key)}[{_resource_name(n)}]: {self.inline(r, element)}" for n, r in rests)
        if isinstance(value, dict) and len(value) == 1 and _is_dotted(value, definition.type):
            ((inner, item),) = value.items()
            return f"{_key(key)}.{self._inline_field(inner, item, self._definition(definition.type, inner))}"
        return f"{_key(key)}: {self.inline(value, definition.type)}"

    # ---- types

    def _definition(self, type_: Type, key: str) -> FieldDef:
        found = self.table.fields_of(type_).get(key)
        return found or FieldDef(key, type_.value if isinstance(type_, MapOf) else DYN)

    def _keyed(self, value: Any, definition: FieldDef) -> str:
        """The field by which the elements of a list-map are named here, if each has another text in it."""
        if not isinstance(value, list) or not value or not isinstance(definition.type, ListOf):
            return ""
        fields = self.table.fields_of(definition.type.element)
        key = next((k for k in (*definition.list_keys, *definition.merge_keys) if k in fields), "")
        if not key or fields[key].type != STRING or not all(isinstance(v, dict) for v in value):
            return ""
        names = [v.get(key) for v in value]
        return key if all(isinstance(n, str) and n for n in names) and len(set(names)) == len(names) else ""


_KIND = re.compile(r"[A-Z][A-Za-z0-9]*")
_QUANTITY = re.compile(r"[0-9]+(?:m|k|Ki|Mi|Gi|Ti|M|G|T|)")
_TRIPLE = re.compile(r'(?!")(?:(?!""")[^\\\r])*(?<!")', re.DOTALL)


def _is_dotted(value: dict[str, Any], type_: Type) -> bool:
    """Do the keys read well behind a dot? Those of a map, which are data, do not."""
    return not isinstance(type_, MapOf) and all(_key(k) == k for k in value)


def _is_tall(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_is_tall(v) for v in value.values())
    if isinstance(value, list):
        return any(_is_tall(v) for v in value)
    return isinstance(value, str) and bool(_triple_quoted(value))


def _triple_quoted(text: str) -> str:
    """A text of several lines as it stands, between three quotes; empty if it is none, or needs escapes."""
    tall = (
        text.count("\n") > 1
        and _TRIPLE.fullmatch(text)
        and text.replace("\n", "").replace("\t", "").isprintable()
    )
    return f'"""{text}"""' if tall else ""


def _quote(text: str) -> str:
    from kspec.syntax.literals import quote

    return quote(text)


def _key(text: str) -> str:
    from kspec.syntax.spelling import is_name

    return text if is_name(text) else _quote(text)


def _resource_name(text: str) -> str:
    from kspec.syntax.spelling import resource_name

    return resource_name(text)
