"""Knows how a diagnostic looks: to a person, with the source line and a caret; to a program, as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from unicodedata import east_asian_width

from kspec.report.style import PLAIN, Style, plural, printable
from kspec.source import Diagnostic, Severity, Span

WIDTH = 120  # a source line longer than this is shown around the place only


def render_all(diagnostics: Iterable[Diagnostic], style: Style = PLAIN) -> str:
    """All of them in order of place, then how many if there are several; "" if there are none."""
    found = sorted(diagnostics, key=Diagnostic.sort_key)
    if not found:
        return ""
    return "\n\n".join([render(d, style) for d in found] + ([count_line(found)] if len(found) > 1 else []))


def count_line(diagnostics: Sequence[Diagnostic]) -> str:
    """`2 errors, 1 warning`."""
    count = {s: sum(d.severity is s for d in diagnostics) for s in Severity}
    return ", ".join(plural(n, severity.value) for severity, n in count.items() if n)


def render(diagnostic: Diagnostic, style: Style = PLAIN) -> str:
    """One diagnostic: what, where, and how to mend it."""
    paint = style.bad if diagnostic.severity is Severity.ERROR else style.warn
    head = paint(f"{diagnostic.severity.value}[{diagnostic.code}]")
    lines = [f"{head}: {style.bold(printable(diagnostic.message))}"]
    if diagnostic.span is not None:
        lines += _place(diagnostic.span, style, field_path(diagnostic.path))
    elif diagnostic.path:
        lines.append(f"  at {field_path(diagnostic.path)}")
    for span, label in diagnostic.notes:
        lines += _place(span, style, printable(label))
    if diagnostic.help:
        lines.append(f"  {style.good('help')}: {printable(diagnostic.help)}")
    return "\n".join(lines)


def _place(span: Span, style: Style, label: str) -> list[str]:
    """`--> file:line:column  label`, the line, and carets below the place."""
    where = f":{span.line}:{span.column}" if span.file.text else ""
    arrow = f"  {style.place('-->')} {printable(span.file.path)}{where}{'  ' + label if label else ''}"
    if not span.file.text:
        return [arrow]
    number = span.line
    text, start, end = _window(span)
    before, marked = printable(text[:start]), printable(text[start:end])
    gutter = f"{number:5d} | "
    carets = " " * _width(before) + "^" * max(1, _width(marked))
    return [
        arrow,
        f"{style.dim(gutter)}{before}{marked}{printable(text[end:])}",
        f"{style.dim(' ' * 5 + ' | ')}{style.bad(carets)}",
    ]


def _window(span: Span) -> tuple[str, int, int]:
    """The first line of the span, or if it is very long the part around the place; start and end in it."""
    text = span.file.line(span.line)
    start = min(span.column - 1, len(text))
    end = max(start, min(start + span.end - span.start, len(text)))
    if len(text) <= WIDTH:
        return text, start, end
    low = max(0, start - WIDTH // 3)
    high = min(len(text), low + WIDTH)
    shown = ("…" if low else "") + text[low:high] + ("…" if high < len(text) else "")
    shift = low - (1 if low else 0)
    return shown, start - shift, min(end - shift, len(shown))


def _width(text: str) -> int:
    return len(text) if text.isascii() else sum(2 if east_asian_width(c) in "WF" else 1 for c in text)


def field_path(path: Sequence[str | int]) -> str:
    """`spec.containers[0].image`; a key with dots is quoted: `metadata.labels["app.kubernetes.io/name"]`."""
    out = ""
    for part in path:
        if isinstance(part, int):
            out += f"[{part}]"
        elif part.replace("-", "").replace("_", "").isalnum():
            out += f".{part}" if out else part
        else:
            out += f'["{printable(part)}"]'
    return out


def json_pointer(path: Sequence[str | int]) -> str:
    """RFC 6901: `/spec/containers/0/image`."""
    return "".join("/" + str(p).replace("~", "~0").replace("/", "~1") for p in path)


def place_to_json(span: Span) -> dict[str, object]:
    """Where it stands: the file as the user named it; line and column from 1, the end exclusive."""
    if not span.file.text:
        return {"file": span.file.path}
    line, column = span.file.position(span.start)
    end_line, end_column = span.file.position(max(span.start, span.end))
    start = {"file": span.file.path, "line": line, "column": column}
    return {**start, "endLine": end_line, "endColumn": end_column}


def to_json(diagnostic: Diagnostic) -> dict[str, object]:
    out: dict[str, object] = {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
    }
    if diagnostic.span is not None:
        out["place"] = place_to_json(diagnostic.span)
    if diagnostic.path:
        out["path"] = json_pointer(diagnostic.path)
    if diagnostic.help:
        out["help"] = diagnostic.help
    if diagnostic.notes:
        out["notes"] = [{"message": label, "place": place_to_json(span)} for span, label in diagnostic.notes]
    return out


def all_to_json(diagnostics: Iterable[Diagnostic]) -> list[dict[str, object]]:
    return [to_json(d) for d in sorted(diagnostics, key=Diagnostic.sort_key)]
