"""Knows how to find a rule in rules/ by its name, and shows its text, its authority and where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kspec.cli import exits
from kspec.cli.session import Session
from kspec.data import root
from kspec.source import SourceFile

if TYPE_CHECKING:
    from kspec.syntax.ast import Rule


@dataclass(frozen=True, slots=True)
class Found:
    """A rule as it was written, and the folder it stands in."""

    folder: str
    rule: Rule

    @property
    def id(self) -> str:
        return f"{self.folder}/{self.rule.name}"

    @property
    def source(self) -> str:
        from kspec.syntax.ast import Source

        return "; ".join(s.text for s in self.rule.body if isinstance(s, Source))


def explain_rules(session: Session, name: str) -> int:
    """All rules of that name, with or without their folder: overloads and namesakes included."""
    known = list(all_rules())
    found = [f for f in known if name in (f.id, f.rule.name)]
    if not found:
        from difflib import get_close_matches

        near = get_close_matches(name, sorted({f.id for f in known} | {f.rule.name for f in known}), n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else "; `ls rules/` is the table of contents"
        session.say(f"kspec: there is no rule {name}{hint}")
        return exits.BAD_INPUT
    if session.json:
        session.document("explain", {"topic": "rule", "name": name, "rules": [_to_json(f) for f in found]})
    else:
        session.result("\n\n".join(_text(f, session) for f in found))
    return exits.OK


def all_rules() -> Iterator[Found]:
    """Every rule of the standard library, in order of file and place."""
    from kspec.syntax.ast import Rule
    from kspec.syntax.parse import parse_module

    folder = root() / "rules"
    for path in sorted(folder.rglob("*.kspec")):
        relative = path.relative_to(folder)
        module, _ = parse_module(SourceFile(f"rules/{relative.as_posix()}", path.read_text(encoding="utf-8")))
        for declaration in module.declarations:
            if isinstance(declaration, Rule):
                yield Found(relative.parent.as_posix(), declaration)


def _text(found: Found, session: Session) -> str:
    rule, style = found.rule, session.style
    lines = [f"{style.bold(found.id)}  {style.dim(f'{rule.kind}, {rule.span}')}"]
    if rule.doc:
        lines.append(rule.doc.strip())
    if found.source:
        lines.append(f"As in: {found.source}")
    return "\n".join([*lines, "", rule.span.text.strip()])


def _to_json(found: Found) -> dict[str, object]:
    from kspec.report.diagnostics import place_to_json

    return {
        "id": found.id,
        "kind": found.rule.kind,
        "doc": found.rule.doc.strip(),
        "source": found.source,
        "text": found.rule.span.text.strip(),
        "place": place_to_json(found.rule.span),
    }
