"""Knows which kind of the API a record type is, both ways, without searching."""

from __future__ import annotations

from collections.abc import Mapping

from kspec.ir.types import Kind, TypeTable
from kspec.model.objects import Object, metadata, with_metadata

DEFAULT_NAMESPACE = "default"


class Kinds:
    """The kinds of a type table, indexed."""

    def __init__(self, table: TypeTable) -> None:
        self.table = table
        self._by_record = {k.record: k for k in reversed(table.kinds)}
        self._by_kind = {(k.api_version, k.kind): k for k in reversed(table.kinds)}

    def of_record(self, record: str) -> Kind | None:
        return self._by_record.get(record)

    def of_object(self, obj: Mapping[str, object]) -> Kind | None:
        return self._by_kind.get((str(obj.get("apiVersion", "")), str(obj.get("kind", ""))))

    def kind_name(self, record: str) -> str:
        kind = self.of_record(record)
        return kind.kind if kind else record.rpartition(".")[2]

    def is_namespaced(self, record: str) -> bool:
        kind = self.of_record(record)
        return kind.namespaced if kind else True

    def identified(self, record: str, obj: Object) -> Object:
        """The object with its apiVersion and kind, and with a namespace exactly if its kind lives in one."""
        kind = self.of_record(record)
        if kind is None:
            return obj
        namespace = metadata(obj).get("namespace") or (DEFAULT_NAMESPACE if kind.namespaced else None)
        named = with_metadata(obj, namespace=namespace if kind.namespaced else None)
        return {**named, "apiVersion": kind.api_version, "kind": kind.kind}
