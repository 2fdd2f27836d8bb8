"""Knows what a Kubernetes object is to us: its raw and its decoded value, its kind, its identity, and its
place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from kspec.ir.types import Kind, Record, TypeTable
from kspec.resources.decode import Decoder, Locator, Path, describe
from kspec.resources.types import built_in_groups
from kspec.runtime.notation import show_canonical
from kspec.runtime.times import show_timestamp
from kspec.runtime.values import Duration, Quantity, Timestamp
from kspec.source import Diagnostic, Severity, Span

DEFAULT_NAMESPACE = "default"


class ObjectKey(NamedTuple):
    """Which object: two versions of one kind are one identity, so the version is no part of it."""

    group: str
    kind: str
    namespace: str  # "" for a cluster-scoped object
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class KubeObject:
    """One object out of some input.

    `value` is the JSON of the API as it was written, but for the namespace, which is filled in or taken
    away as the API server does, and for null in maps, which it reads as the zero value; `decoded` is the
    same with values for quantities and times, None where the kind is not known.
    """

    value: dict[str, Any]
    kind: Kind | None
    key: ObjectKey
    decoded: dict[str, Any] | None
    where: Locator = field(compare=False, repr=False)
    base: Path = field(default=(), compare=False, repr=False)

    @property
    def span(self) -> Span:
        return self.locate(())

    @property
    def api_version(self) -> str:
        return str(self.value["apiVersion"])

    def locate(self, path: Path) -> Span:
        """Where the value at a path inside the object stands."""
        return self.where.locate(self.base + path)

    def locate_key(self, path: Path) -> Span:
        return self.where.locate_key(self.base + path)


@dataclass(frozen=True, slots=True)
class _Inside:
    """The places of an object inside a document, such as an item of a List."""

    where: Locator
    base: Path

    def locate(self, path: Path) -> Span:
        return self.where.locate(self.base + path)

    def locate_key(self, path: Path) -> Span:
        return self.where.locate_key(self.base + path)


class ObjectReader:
    """Makes objects of raw values, against one table of types."""

    def __init__(self, table: TypeTable, *, strict: bool = True, namespace: str = DEFAULT_NAMESPACE) -> None:
        self.kinds = {(k.api_version, k.kind): k for k in table.kinds}
        self.table = table
        self.namespace = namespace
        self._decoder = Decoder(table, strict)

    def read(
        self, value: object, where: Locator, base: Path = ()
    ) -> tuple[KubeObject | None, list[Diagnostic]]:
        """The object that a value is, and every mistake in it; None if it has no identity, hence is no
        object."""
        inside: Locator = _Inside(where, base) if base else where
        mistakes = _why_no_object(value, inside)
        if mistakes or not isinstance(value, dict):
            return None, mistakes
        kind = self.kinds.get((value["apiVersion"], value["kind"]))
        mistakes = _why_no_name(value, inside)
        if mistakes:
            return None, mistakes + self._further(value, kind, inside, {m.path for m in mistakes})
        value, warnings = self._with_namespace(value, kind, inside)
        decoded = None
        if kind is not None:
            decoded, mistakes = self._decoder.decode(value, Record(kind.record), inside)
            for path, zero in self._decoder.zeros:
                value = _with_zero(value, path, zero)
        else:
            mistakes = self._why_unserved(value, inside)
        return KubeObject(value, kind, key_of(value), decoded, where, base), warnings + mistakes

    def _further(
        self, value: dict[str, Any], kind: Kind | None, where: Locator, told: set[Path]
    ) -> list[Diagnostic]:
        """The mistakes in an object without identity, but for those at places that were told already."""
        if kind is None:
            return self._why_unserved(value, where)
        _, mistakes = self._decoder.decode(value, Record(kind.record), where)
        return [m for m in mistakes if m.path not in told]

    def _with_namespace(
        self, value: dict[str, Any], kind: Kind | None, where: Locator
    ) -> tuple[dict[str, Any], list[Diagnostic]]:
        metadata: dict[str, Any] = value["metadata"]
        if kind is None:
            return value, []
        if kind.namespaced and not metadata.get("namespace"):
            return {**value, "metadata": {**metadata, "namespace": self.namespace}}, []
        if not kind.namespaced and "namespace" in metadata:
            span = where.locate_key(("metadata", "namespace"))
            message = f"{kind.kind} is cluster-scoped: its namespace is ignored"
            without = {k: v for k, v in metadata.items() if k != "namespace"}
            warning = Diagnostic("KS2605", message, span, Severity.WARNING, "delete the field")
            return {**value, "metadata": without}, [warning]
        return value, []

    def _why_unserved(self, value: Mapping[str, Any], where: Locator) -> list[Diagnostic]:
        """What is wrong with a kind that is not known: nothing if it may be a custom resource."""
        from kspec.elaborate.mistakes import either, near

        api_version, name = value["apiVersion"], value["kind"]
        group = group_of(api_version)
        served = [k.api_version for k in self.table.kinds if k.group == group and k.kind == name]
        if served:
            message, help_ = f"{name} is not served in `{api_version}`", f"write `apiVersion: {served[-1]}`"
            at = "apiVersion"
        elif group in built_in_groups():
            siblings = [k.kind for k in self.table.kinds if k.api_version == api_version]
            elsewhere = sorted({k.api_version for k in self.table.kinds if k.kind == name})
            message = f"there is no kind `{name}` in `{api_version}`"
            help_ = near(name, siblings) or near(name, [k.kind for k in self.table.kinds])
            if elsewhere:
                help_ = f"{name} is served in {either(elsewhere)}"
            at = "apiVersion" if elsewhere or not siblings else "kind"
        else:
            return []
        return [Diagnostic("KS2604", message, where.locate((at,)), help=help_, path=(at,))]


def _with_zero(obj: dict[str, Any], path: Path, zero: Any) -> dict[str, Any]:
    """The object with another value at a path; what is not on the way is shared."""

    def made(value: Any, path: Path) -> Any:
        if not path:
            return zero
        if isinstance(value, list):
            return [made(v, path[1:]) if n == path[0] else v for n, v in enumerate(value)]
        return {**value, path[0]: made(value[path[0]], path[1:])}

    return {**obj, **made(obj, path)}


def group_of(api_version: str) -> str:
    """`apps` of `apps/v1`; the core group is empty."""
    return api_version.rpartition("/")[0]


def key_of(value: Mapping[str, Any]) -> ObjectKey:
    """The identity of a raw object."""
    metadata = value.get("metadata") or {}
    name = metadata.get("name") or metadata.get("generateName") or ""
    return ObjectKey(group_of(value["apiVersion"]), value["kind"], metadata.get("namespace") or "", name)


def encode(value: object) -> Any:
    """A decoded value as the JSON of the API: quantities and times become text again."""
    match value:
        case dict():
            return {key: encode(item) for key, item in value.items()}
        case list() | tuple():
            return [encode(item) for item in value]
        case Quantity():
            return show_canonical(value)
        case Timestamp():
            return show_timestamp(value)
        case Duration():
            from kspec.runtime.times import show_duration

            return show_duration(value)
    return value


def _why_no_object(value: object, where: Locator) -> list[Diagnostic]:
    """What keeps a value from being an object of the API."""
    if not isinstance(value, dict):
        help_ = "each document is a mapping with apiVersion, kind and metadata"
        return [
            Diagnostic("KS2601", f"this is {describe(value)}, not an object", where.locate(()), help=help_)
        ]
    mistakes = []
    for name, example in (("apiVersion", "apps/v1"), ("kind", "Deployment")):
        found = value.get(name)
        if found is None or found == "":
            message = f"an object needs the field `{name}`"
            mistakes.append(
                Diagnostic("KS2602", message, where.locate(()), help=f"such as `{name}: {example}`")
            )
        elif not isinstance(found, str):
            message = f"`{name}` is text, and this is {describe(found)}"
            mistakes.append(
                Diagnostic("KS2602", message, where.locate((name,)), path=(name,), help="quote it")
            )
    return mistakes


def _why_no_name(value: dict[str, Any], where: Locator) -> list[Diagnostic]:
    """What keeps an object of a kind from having an identity."""
    metadata = value.get("metadata")
    kind = value["kind"]
    if not isinstance(metadata, dict):
        what = "" if metadata is None else f", and this is {describe(metadata)}"
        path: Path = () if metadata is None else ("metadata",)
        message = f"{kind} needs `metadata` with a name{what}"
        return [
            Diagnostic("KS2603", message, where.locate(path), path=path, help="add `metadata: {name: …}`")
        ]
    mistakes = []
    for name in ("name", "namespace", "generateName"):
        found = metadata.get(name)
        if found is not None and not isinstance(found, str):
            path = ("metadata", name)
            message = f"`{name}` is text, and this is {describe(found)}"
            mistakes.append(Diagnostic("KS2603", message, where.locate(path), path=path, help="quote it"))
    if not mistakes and not metadata.get("name") and not metadata.get("generateName"):
        message = f"{kind} has no name"
        span = where.locate(("metadata",))
        mistakes.append(Diagnostic("KS2603", message, span, path=("metadata",), help="add `name: …`"))
    return mistakes
