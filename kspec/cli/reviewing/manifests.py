"""Knows the manifests under review: the cluster that they make, where each object stands, and what rules
say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kspec.cli.inputs import Inputs
from kspec.cli.session import Session
from kspec.source import Span

Cluster = Mapping[str, Any]


class Reviewed:
    """One set of manifests under review."""

    def __init__(self, session: Session, inputs: Inputs, timeout: float) -> None:
        from kspec.cli.verifying import Verification
        from kspec.runtime.rulebook import load_rulebook
        from kspec.verify.foreign import POLICIES, left_out, named, without
        from kspec.verify.network.parts import Parts

        verification = Verification(inputs, timeout)
        self.session = session
        self.setting = verification.setting
        foreigners = [named(each) for each in verification.cluster.get(POLICIES) or ()]
        self.cluster: Cluster = without(verification.cluster, foreigners)
        self.choosing = verification.choosing
        self.functions = load_rulebook()
        self.policy_kinds = Parts(self.functions, self.setting.table).kinds
        self.objects = {
            (o.kind.record, o.key.namespace, o.key.name): o for o in inputs.workspace.objects if o.kind
        }
        self.custom = sorted({kind for _, kind in inputs.workspace.unmodelled})
        self.records = self._records()
        self.bounds: list[str] = [left_out(foreigners)] if foreigners else []
        self._around: dict[str, Cluster] = {}
        self.removable: list[dict[str, Any]] = self.call("removable")
        self.kinds = tuple(dict.fromkeys(each["objects"] for each in self.removable))
        self.policies = sum(len(self.cluster.get(kind, ())) for kind in self.kinds)
        self.ends: list[dict[str, Any]] = self.call("endpoints", self.cluster)

    def _records(self) -> dict[str, str]:
        from kspec.model.program import cluster_fields

        return cluster_fields(self.setting.table)

    def call(self, name: str, *args: object) -> Any:
        """A function of rules/network, compiled."""
        rule = self.functions.get(f"network/{name}")
        assert rule is not None
        return rule(*args)

    # ---------------------------------------------------------------- places

    def span(self, kind: str, obj: Mapping[str, Any], path: Sequence[str | int] = ()) -> Span:
        from kspec.source import NOWHERE

        meta = obj["metadata"]
        found = self.objects.get((self.records[kind], meta.get("namespace", ""), meta.get("name", "")))
        return NOWHERE if found is None else found.locate(tuple(path))

    def name(self, kind: str, obj: Mapping[str, Any]) -> str:
        """`NetworkPolicy shop/db`."""
        record = self.records[kind].rpartition(".")[2]
        meta = obj["metadata"]
        return f"{record} {'/'.join(p for p in (meta.get('namespace', ''), meta.get('name', '')) if p)}"

    def anywhere(self) -> Span:
        return next(self.span(k, o) for k in self.kinds for o in self.cluster.get(k, ()))

    def around(self, namespace: str) -> Cluster:
        """The cluster with no other policies than can govern pods of this namespace."""
        if namespace not in self._around:
            narrowed = {
                kind: [
                    o
                    for o in self.cluster.get(kind, ())
                    if o["metadata"].get("namespace") in (None, namespace)
                ]
                for kind in self.kinds
            }
            self._around[namespace] = {**self.cluster, **narrowed}
        return self._around[namespace]
