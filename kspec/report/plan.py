"""Knows how a plan is coloured: by the mark that stands in front of a line; titles bold."""

from __future__ import annotations

from kspec.report.style import Style


def paint(text: str, style: Style) -> str:
    """The text of a plan, line by line in the colours that terraform's users know."""
    return "\n".join(_line(line, style) for line in text.splitlines())


def _line(line: str, style: Style) -> str:
    body = line.lstrip(" ")
    indent = line[: len(line) - len(body)]
    if not indent:
        return style.bold(body)
    if body.startswith("-"):
        return indent + style.bad(body)
    if body.startswith("+"):
        return indent + style.good(body)
    return indent + style.warn(body) if body.startswith("~") else line
