"""The store against a plain dict: versions, conflicts, watch order, finalizers, names."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from kspec.model.clock import Clock
from kspec.model.objects import Key
from kspec.model.store import Action, AlreadyExists, Conflict, NotFound, Store, TooOld

RECORDS = st.sampled_from(["toy.A", "toy.B"])
NAMES = st.sampled_from(["x", "y", "z"])
HISTORY = 5


class StoreMachine(RuleBasedStateMachine):
    """`model` holds what should be there; `watched` rebuilds the state from events alone."""

    def __init__(self) -> None:
        super().__init__()
        self.store = Store(Clock(), history_max=HISTORY)
        self.model: dict[Key, dict[str, Any]] = {}
        self.uids: set[str] = set()
        self.watched: dict[Key, dict[str, Any]] = {}
        self.revision = 0
        self.store.on_event = self.watch

    def watch(self, event: Any) -> None:
        assert event.revision == self.revision + 1
        self.revision = event.revision
        assert (event.old is None) == (event.key not in self.watched)
        assert event.old == self.watched.get(event.key)
        if event.action is Action.DELETED:
            del self.watched[event.key]
        else:
            self.watched[event.key] = event.object

    @rule(record=RECORDS, name=NAMES, value=st.integers(0, 3))
    def create(self, record: str, name: str, value: int) -> None:
        key = Key(record, "n", name)
        obj = {"metadata": {"name": name, "namespace": "n"}, "spec": {"v": value}}
        if key in self.model:
            try:
                self.store.create(record, obj)
            except AlreadyExists:
                return
            raise AssertionError("a second object of the same name")
        made = self.store.create(record, obj)
        assert made["metadata"]["uid"] not in self.uids
        assert made["metadata"]["generation"] == 1
        self.uids.add(made["metadata"]["uid"])
        self.model[key] = made

    @rule(record=RECORDS)
    def generate(self, record: str) -> None:
        made = self.store.create(record, {"metadata": {"generateName": "g-", "namespace": "n"}})
        assert made["metadata"]["name"].startswith("g-")
        key = Key(record, "n", made["metadata"]["name"])
        assert key not in self.model
        self.model[key] = made

    @rule(record=RECORDS, name=NAMES, value=st.integers(0, 3), stale=st.booleans(), blind=st.booleans())
    def update(self, record: str, name: str, value: int, stale: bool, blind: bool) -> None:
        key = Key(record, "n", name)
        old = self.model.get(key)
        version = None if blind else "0" if stale else old and old["metadata"]["resourceVersion"]
        obj = {"metadata": {"name": name, "namespace": "n"}, "spec": {"v": value}}
        if old is not None:
            obj = {**old, "spec": {"v": value}, "metadata": {**old["metadata"], "resourceVersion": version}}
        try:
            new = self.store.update(record, obj)
        except NotFound:
            assert old is None
        except Conflict:
            assert stale and not blind
        else:
            assert old is not None and not (stale and not blind)
            changed = old.get("spec") != {"v": value}
            assert new["metadata"].get("generation", 0) == old["metadata"].get("generation", 0) + (
                1 if changed and "generation" in old["metadata"] else 0
            )
            assert (new is old) or changed
            self.model[key] = new

    @rule(record=RECORDS, name=NAMES, hold=st.booleans())
    def delete(self, record: str, name: str, hold: bool) -> None:
        key = Key(record, "n", name)
        try:
            left = self.store.delete(key, add_finalizers=("toy/hold",) if hold else ())
        except NotFound:
            assert key not in self.model
            return
        held = hold or bool(self.model[key]["metadata"].get("finalizers"))
        assert (left is not None) == held
        if left is None:
            del self.model[key]
        else:
            assert "deletionTimestamp" in left["metadata"]
            self.model[key] = left

    @rule(record=RECORDS, name=NAMES)
    def release(self, record: str, name: str) -> None:
        key = Key(record, "n", name)
        old = self.model.get(key)
        if old is None or not old["metadata"].get("finalizers"):
            return
        meta = {k: v for k, v in old["metadata"].items() if k != "finalizers"}
        self.store.update(record, {**old, "metadata": meta})
        assert self.store.get(key) is None
        del self.model[key]

    @rule(record=RECORDS, back=st.integers(0, 30))
    def replay(self, record: str, back: int) -> None:
        since = max(0, self.store.revision - back)
        try:
            events = self.store.events_since(record, since)
        except TooOld:
            return
        revisions = [e.revision for e in events]
        assert revisions == sorted(set(revisions))
        assert all(e.key.record == record and e.revision > since for e in events)
        assert len(events) <= HISTORY

    @invariant()
    def holds_what_it_should(self) -> None:
        assert {k: self.store.get(k) for k in self.model} == self.model
        assert self.watched == self.model
        for record in ("toy.A", "toy.B"):
            listed = self.store.objects(record)
            assert [o["metadata"]["name"] for o in listed] == sorted(
                k.name for k in self.model if k.record == record
            )
        versions = [int(o["metadata"]["resourceVersion"]) for o in self.model.values()]
        assert len(set(versions)) == len(versions) and all(v <= self.store.revision for v in versions)


TestStore = StoreMachine.TestCase
TestStore.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
