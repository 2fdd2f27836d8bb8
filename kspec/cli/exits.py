"""Knows what the exit codes mean. The output format never changes them."""

from __future__ import annotations

OK = 0  # everything asked was decided, and holds
VIOLATED = 1  # something is violated, differs, or is stale
BAD_INPUT = 2  # bad usage, or input that cannot be read
UNDECIDED = 3  # nothing is violated, but something could not be decided, or is not supported
BUG = 70  # kspec broke one of its own rules
INTERRUPTED = 130  # Ctrl-C
