"""Knows how what a controller wants (`rule.Write` records) becomes requests, and what came of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from kspec.model.api import Api, Reply
from kspec.model.clock import Clock
from kspec.model.objects import (
    Key,
    Object,
    is_deleting,
    key_of,
    merge_patch,
    metadata,
    namespace_of,
    revision_of,
    uid_of,
    with_metadata,
)
from kspec.runtime.values import Duration
from kspec.source import InternalError


@dataclass(frozen=True, slots=True)
class Claim:
    """An object changes hands: `references` are its owners from now on, `seen` the version that was read."""

    key: Key
    seen: str
    references: list[Object]
    adopts: bool


@dataclass
class Doing:
    """The requests of one sync. `subject` is the object that the rule is about, as the controller saw it.

    A refused create ends that round of creates; any refusal makes the sync a failed one, which is repeated.
    """

    api: Api
    clock: Clock
    record: str
    subject: Object
    owned_records: frozenset[str]
    reference: Object
    said: list[str] = field(default_factory=list)
    failed: str = ""
    again: int | None = None
    revisions: dict[str, int] = field(default_factory=dict)
    _seen: dict[Key, str] = field(default_factory=dict)

    def claim(self, claim: Claim) -> None:
        patch = {"metadata": {"ownerReferences": claim.references or None}}
        verb = "adopt" if claim.adopts else "release"
        self._done(f"{verb} {claim.key}", claim.key, self.api.patch(claim.key, patch, claim.seen))

    def write(self, write: Object) -> None:
        """Makes the request or requests that one record asks for."""
        action = write["action"]
        targets = _targets(write.get("target")) or ([self.subject] if action in ("status", "update") else [])
        if action == "create":
            self._create(write)
        elif action == "delete":
            for target in targets:
                self._delete(_record_of(write, self.record), target)
        elif action == "update":
            for target in targets:
                self._update(self._record_of_target(write, target), target, write["object"])
        elif action == "status":
            for target in targets:
                self._status(self._record_of_target(write, target), target, write["object"])
        elif action == "requeue":
            after = write["after"]
            assert isinstance(after, Duration)
            at = self.clock.nanos + max(after.nanos, 1)
            self.again = at if self.again is None else min(self.again, at)
        else:
            raise InternalError(f"a controller asks for `{action}`")

    # ------------------------------------------------------------ the four requests

    def _create(self, write: Object) -> None:
        record = str(write["type"])
        obj: Object = {k: v for k, v in write["object"].items() if k != "status"}
        if self.api.kinds.is_namespaced(record) and not namespace_of(obj) and namespace_of(self.subject):
            obj = with_metadata(obj, namespace=namespace_of(self.subject))
        if record in self.owned_records:
            references = [r for r in metadata(obj).get("ownerReferences") or () if not r.get("controller")]
            obj = with_metadata(obj, ownerReferences=[*references, self.reference])
        times = write.get("times")
        made = 0
        for _ in range(1 if times is None else times):
            reply = self.api.create(record, obj)
            if not reply.ok:
                self._done(f"create {key_of(record, obj)}", key_of(record, obj), reply)
                break
            made += 1
            self._note(key_of(record, reply.object), reply.object)
        if made:
            kind = self.api.kinds.kind_name(record)
            self.said.append(
                f"create {made} {kind}" if made > 1 else f"create {key_of(record, reply.object)}"
            )

    def _delete(self, record: str, target: Object) -> None:
        if is_deleting(target):
            return
        key = key_of(record, target)
        reply = self.api.delete(key, uid=uid_of(target))
        if reply.reason != "NotFound":
            self._done(f"delete {key}", key, reply)

    def _update(self, record: str, target: Object, patch: Object) -> None:
        if merge_patch(target, patch) == target:
            return
        key = key_of(record, target)
        reply = self.api.patch(key, patch, self._version_of(key, target))
        if not (reply.reason == "NotFound" and is_deleting(target)):
            self._done(f"update {key}", key, reply)

    def _status(self, record: str, target: Object, patch: Object) -> None:
        status = target.get("status") or {}
        if merge_patch(status, patch) == status:
            return
        key = key_of(record, target)
        self._done(f"status {key}", key, self.api.patch_status(key, patch, self._version_of(key, target)))

    # ------------------------------------------------------------ keeping account

    def _version_of(self, key: Key, target: Object) -> str | None:
        """The version that the controller has read; after a write of its own, the one that it got back."""
        return self._seen.get(key) or metadata(target).get("resourceVersion")

    def _done(self, what: str, key: Key, reply: Reply) -> None:
        if reply.ok:
            self.said.append(what)
            self._note(key, reply.object)
        else:
            self.failed = f"{what} refused, {reply.reason}: {reply.message}"
            self.said.append(self.failed)

    def _note(self, key: Key, obj: Object) -> None:
        self._seen[key] = str(metadata(obj).get("resourceVersion", ""))
        self.revisions[key.record] = max(self.revisions.get(key.record, 0), revision_of(obj))

    def _record_of_target(self, write: Object, target: Object) -> str:
        kind = self.api.kinds.of_object(target)
        return kind.record if kind else _record_of(write, self.record)


def _record_of(write: Object, record: str) -> str:
    return str(write.get("type") or record)


def _targets(target: Any) -> Iterable[Object]:
    """The objects that a write is about: one, or a list of them."""
    if target is None:
        return []
    return list(target) if isinstance(target, (list, tuple)) else [target]
