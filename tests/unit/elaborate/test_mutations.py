"""Sources with a few tokens changed: mistakes or a result, never an exception, whatever is left of them."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from support.rules import common_modules, library, table
from support.source_tree import ROOT

from kspec.elaborate.modules import elaborate_rules
from kspec.elaborate.user import elaborate_user
from kspec.source import SourceFile
from kspec.syntax.parse import parse_module

TOKEN = re.compile(r'\s+|//[^\n]*|"[^"\n]*"|[A-Za-z_]\w*|\d+\w*|\.\.|[^\w\s]')
GOLDEN = ROOT / "tests" / "golden" / "elaborate"
SOURCES = sorted([*GOLDEN.glob("*/*.kspec"), *(ROOT / "rules").glob("*/*.kspec")])
TEXTS = [path.read_text(encoding="utf-8") for path in SOURCES]
WORDS = sorted({token for text in TEXTS for token in TOKEN.findall(text) if token.strip()})


def mutated(text: str, draw: random.Random) -> str:
    tokens = TOKEN.findall(text)
    for _ in range(draw.randint(1, 4)):
        at, other = draw.randrange(len(tokens)), draw.randrange(len(tokens))
        match draw.randrange(4):
            case 0:
                tokens[at] = draw.choice(WORDS)
            case 1:
                tokens[at] = ""
            case 2:
                tokens[at], tokens[other] = tokens[other], tokens[at]
            case _:
                tokens[at] += f" {draw.choice(WORDS)} "
    return "".join(tokens)


@pytest.mark.slow
@pytest.mark.parametrize("path", SOURCES, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_mutated_sources(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    draw = random.Random(path.name)
    for _ in range(3):
        module, _ = parse_module(SourceFile("mutated.kspec", mutated(text, draw)))
        user = elaborate_user(module, library(), table())
        rules = elaborate_rules((*common_modules(), ("golden/mutated", module)), table())
        places = [d.span for d in (*user.diagnostics, *rules.diagnostics)]
        assert all(span is not None for span in places), "every mistake has a place"
