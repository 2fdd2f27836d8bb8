"""Sections of `kspec diff`: one module for each, with `TITLE` and `compare`; its name is what `--only` takes.

def compare(session: Session, old: Inputs, new: Inputs, timeout: float) -> Section
"""

from __future__ import annotations

from pkgutil import iter_modules


def section_names() -> list[str]:
    """The sections there are, by name."""
    return sorted(m.name for m in iter_modules(__path__) if not m.name.startswith("_"))
