"""A gross slowdown of the loader is found out; `bench_load.py` prints the figures."""

from __future__ import annotations

import pytest

from . import bench_load


@pytest.mark.slow
def test_a_thousand_manifests_are_read_decoded_and_located_in_time() -> None:
    found = bench_load.measure(repeats=2)
    assert found["read"] + found["decode"] < 0.4
    assert sum(found.values()) < 0.8
