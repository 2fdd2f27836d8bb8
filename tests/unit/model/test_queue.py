"""The work queue: merged keys, growing waits."""

from kspec.model.queue import WorkQueue


def test_equal_keys_are_merged_and_order_is_kept() -> None:
    queue: WorkQueue[str] = WorkQueue()
    for key in "abab":
        queue.add(key)
    assert queue.ready(0) == ["a", "b"]
    queue.take("a")
    queue.add("a")
    assert queue.ready(0) == ["b", "a"]


def test_failures_wait_twice_as_long_each_time_up_to_a_limit() -> None:
    queue: WorkQueue[str] = WorkQueue(base=10, longest=35)
    waits = []
    for _ in range(4):
        queue.retry("a", 0)
        waits.append(queue.next_time())
        assert queue.ready(queue.next_time() or 0) == ["a"]
        queue.take("a")
    assert waits == [10, 20, 35, 35]
    queue.forget("a")
    queue.retry("a", 100)
    assert queue.next_time() == 110


def test_the_earliest_time_counts_and_nothing_comes_early() -> None:
    queue: WorkQueue[str] = WorkQueue()
    queue.add_at("a", 50)
    queue.add_at("a", 20)
    queue.add_at("a", 70)
    assert queue.next_time() == 20
    assert queue.ready(19) == [] and not queue.has_ready(19)
    assert queue.ready(20) == ["a"]
