"""Knows where the page of a diagnostic is: docs/diagnostics, shipped in the package."""

from __future__ import annotations

from kspec.cli import exits
from kspec.cli.session import Session
from kspec.data import root


def explain_code(session: Session, code: str) -> int:
    pages = root() / "docs" / "diagnostics"
    page = pages / f"{code}.md"
    if not page.is_file():
        session.say(
            f"kspec: there is no diagnostic {code}{_near(code, [p.stem for p in pages.glob('KS*.md')])}"
        )
        return exits.BAD_INPUT
    text = page.read_text(encoding="utf-8")
    if session.json:
        title = text.splitlines()[0].removeprefix("# ")
        session.document("explain", {"topic": "diagnostic", "name": code, "title": title, "text": text})
    else:
        from kspec.report.markdown import render

        session.result(render(text, session.style))
    return exits.OK


def _near(code: str, known: list[str]) -> str:
    family = sorted(k for k in known if k[:4] == code[:4])
    return f"; near it are {', '.join(family[:8])}" if family else ""
