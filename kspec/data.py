"""Knows where the files that kspec reads at run time are: grammar/, rules/ and generated/."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def root() -> Path:
    """The folder that holds grammar/, rules/ and generated/: in an installed package, or a checkout."""
    package = Path(__file__).parent
    packed = package / "_data"
    return packed if packed.is_dir() else package.parent
