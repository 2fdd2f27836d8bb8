"""Knows how the Markdown of our own pages looks on a terminal: headings bold, fences gone, code set in."""

from __future__ import annotations

from kspec.report.style import PLAIN, Style


def render(text: str, style: Style = PLAIN) -> str:
    """The page for reading; examples stand indented, as they were."""
    out: list[str] = []
    fenced = False
    for line in text.rstrip().splitlines():
        if line.startswith("```"):
            fenced = not fenced
        elif fenced:
            out.append(f"    {line}" if line else "")
        elif line.startswith("#"):
            out.append(style.bold(line.lstrip("#").strip()))
        else:
            out.append(line)
    return "\n".join(out)
