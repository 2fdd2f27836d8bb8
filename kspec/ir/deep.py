"""Knows how deep trees may be, and how Python is made to walk them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

DEPTH_MAX = 256
"""Expressions nested deeper are refused with a diagnostic (Kubernetes' own parser stops at 250)."""

FRAMES = 20_000
"""Python frames for one walk: an expression of DEPTH_MAX levels needs a few for each, rules call rules."""


@contextmanager
def deep_recursion() -> Iterator[None]:
    """Lets Python nest deeply enough for our trees; their depth is bounded, so the C stack is safe."""
    before = sys.getrecursionlimit()
    if before < FRAMES:
        sys.setrecursionlimit(FRAMES)
    try:
        yield
    finally:
        if before < FRAMES:
            sys.setrecursionlimit(before)
