"""What a lagging component sees: one type at a time, in order; and everything at once after its watch
broke.
"""

from kspec.model.clock import Clock
from kspec.model.objects import Key
from kspec.model.store import Store
from kspec.model.view import LaggingView


def thing(name: str, value: int = 0) -> dict[str, object]:
    return {"metadata": {"name": name}, "spec": {"v": value}}


def test_types_arrive_independently_and_each_in_order() -> None:
    store = Store(Clock())
    view = LaggingView(store, ["A", "B"])
    store.create("A", thing("a1"))
    store.create("B", thing("b1"))
    store.create("A", thing("a2"))
    assert [e.key.name for e in view.deliver("B")] == ["b1"]
    assert view.get(Key("A", "", "a1")) is None
    assert [e.key.name for e in view.deliver("A")] == ["a1"]
    assert view.is_behind("A") and not view.is_behind("B")
    assert view.has_seen("B", 3) and not view.has_seen("A", 3)
    view.deliver("A")
    assert view.has_seen("A", 3) and view.deliver("A") == []


def test_a_broken_watch_lists_again_and_tells_the_differences() -> None:
    store = Store(Clock(), history_max=2)
    view = LaggingView(store, ["A"])
    for name in ("gone", "changed", "same"):
        store.create("A", thing(name))
        view.deliver("A")
    store.delete(Key("A", "", "gone"))
    changed = store.get(Key("A", "", "changed"))
    for value in range(1, 9):
        changed = store.update("A", {**(changed or {}), "spec": {"v": value}})
    store.create("A", thing("new"))
    told = {e.key.name: e.action.value for e in view.deliver("A")}
    assert told == {"gone": "deleted", "changed": "modified", "new": "added"}
    assert not view.is_behind("A")
    assert view.shelf("A").all() == store.objects("A")


def test_starting_again_sees_the_present() -> None:
    store = Store(Clock())
    view = LaggingView(store, ["A"])
    store.create("A", thing("a"))
    view.relist()
    assert view.get(Key("A", "", "a")) and not view.is_behind("A")
