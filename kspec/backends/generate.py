"""Knows what `generated/` is made of: each file of rules/ in three readings and a page, and the library for
users' files.

Nothing is written in place: a file is complete or not there. Files that no source makes any more are deleted.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import unified_diff
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from kspec.data import root as default_root
from kspec.ir.nodes import Program, Rule
from kspec.ir.types import TypeTable
from kspec.source import Diagnostic, DiagnosticError, InternalError, SourceFile, has_errors
from kspec.syntax.ast import Module

if TYPE_CHECKING:
    from kspec.elaborate.modules import Elaborated

FOLDERS = ("python", "symbolic", "docs")
"""Folders of generated/ that hold nothing but what is made here, so that anything else in them is an orphan.
"""

Pass = Callable[[Program], Program]
PASSES: tuple[tuple[str, Pass], ...] = ()
"""Passes over the whole program between lowering and the back ends, in this order; the program is checked
after each.
"""


@dataclass(frozen=True, slots=True)
class Source:
    """A file of rules/, parsed. `path` is below rules/, without suffix."""

    path: str
    file: SourceFile
    module: Module


@dataclass(frozen=True, slots=True)
class Stale:
    """A file of generated/ that is not what its sources make: what would change, as a unified diff."""

    path: str
    diff: str


@dataclass(frozen=True, slots=True)
class Generated:
    """What `generate` did, or with `check` what it would do. Paths are relative to the root."""

    files: int
    stale: tuple[Stale, ...]

    @property
    def diff(self) -> str:
        return "".join(s.diff for s in self.stale)


def generate(root: Path | None = None, check: bool = False) -> Generated:
    """Write generated/ from rules/ below the root; with `check` write nothing. DiagnosticError if the rules
    have mistakes.
    """
    at = root or default_root()
    wanted = outputs(at)
    stale = tuple(_stale(at, wanted))
    if not check:
        for each in stale:
            _write(at / each.path, wanted.get(each.path))
    return Generated(len(wanted), stale)


# ---------------------------------------------------------------- what there should be


def outputs(root: Path) -> dict[str, str]:
    """Every file that the rules make: path below the root, and text."""
    from kspec.elaborate.library import library_of, library_to_json

    types = _types(root)
    sources = parse_rules(root)
    elaborated = elaborate(sources, _table(root, types))
    made = {f"generated/{name}": text for name, text in emit_all(elaborated.program, sources).items()}
    library = library_to_json(library_of(elaborated))
    made["generated/library.json"] = json.dumps(library, indent=1, ensure_ascii=False) + "\n"
    return {**made, **types}


def parse_rules(root: Path) -> list[Source]:
    """The files of rules/, parsed, in order of path; DiagnosticError if some cannot be."""
    from kspec.syntax.parse import parse_module

    diagnostics: list[Diagnostic] = []
    sources = []
    for path, file in read_rules(root).items():
        module, found = parse_module(file)
        diagnostics += found
        sources.append(Source(path, file, module))
    if has_errors(diagnostics):
        raise DiagnosticError(diagnostics)
    return sources


def elaborate(sources: Sequence[Source], table: TypeTable | None = None) -> Elaborated:
    """The rules as the back ends get them: lowered, after all passes; DiagnosticError if they have mistakes.

    `table`: the types of the API, those that are shipped if none are given.
    """
    from kspec.elaborate.modules import elaborate_rules
    from kspec.resources.types import load_types

    elaborated = elaborate_rules([(s.path, s.module) for s in sources], table or load_types())
    if has_errors(elaborated.diagnostics):
        raise DiagnosticError(elaborated.diagnostics)
    return replace(elaborated, program=run_passes(elaborated.program, elaborated.types))


def read_rules(root: Path) -> dict[str, SourceFile]:
    """The files of rules/ by path without suffix, in order."""
    folder = root / "rules"
    found = sorted(folder.rglob("*.kspec"), key=lambda p: p.relative_to(folder).parts)
    return {
        f.relative_to(folder).with_suffix("").as_posix(): SourceFile(
            f.relative_to(root).as_posix(), f.read_text(encoding="utf-8")
        )
        for f in found
    }


def run_passes(program: Program, table: TypeTable) -> Program:
    """The program after all passes; each must leave it well typed."""
    _check(program, table, "lowering")
    for name, change in PASSES:
        program = change(program)
        _check(program, table, name)
    return program


def _check(program: Program, table: TypeTable, after: str) -> None:
    from kspec.ir.check import check_program

    problems = check_program(program, table)
    if problems:
        raise InternalError(f"after {after} the rules are not well typed: {'; '.join(problems[:5])}")


def by_path(program: Program, paths: Sequence[str]) -> dict[str, tuple[Rule, ...]]:
    """The rules of each file, in order of place."""
    found: dict[str, list[Rule]] = {path: [] for path in paths}
    for rule in program.rules:
        found[rule.path].append(rule)
    return {path: tuple(sorted(rules, key=lambda r: r.span.start)) for path, rules in found.items()}


def emit_all(program: Program, sources: Sequence[Source]) -> dict[str, str]:
    """The files that the back ends make: path below generated/, and text."""
    from kspec.backends.docs.page import Page, emit_index, emit_page
    from kspec.backends.python.index import emit_index as emit_python_index
    from kspec.backends.python.module import emit_module
    from kspec.backends.python.names import rule_places
    from kspec.backends.python.nullable import nullable_parameters

    rules = by_path(program, [s.path for s in sources])
    ordered = Program(tuple(rule for own in rules.values() for rule in own))
    places, nullable = rule_places(ordered.rules), nullable_parameters(program)
    made = {"python/__init__.py": emit_python_index(ordered, places)}
    made |= {
        f"python/{p}.py": emit_module(p, own, program, places, nullable) for p, own in rules.items() if own
    }
    known = program.by_id()
    pages = [Page(s.path, s.file, s.module, rules[s.path], known) for s in sources]
    made |= {f"docs/{page.path}.md": emit_page(page) for page in pages}
    made["docs/README.md"] = emit_index(pages)
    return {**made, **_symbolic(rules, ordered)}


def _symbolic(rules: Mapping[str, tuple[Rule, ...]], program: Program) -> dict[str, str]:
    """The symbolic reading, in the same shape."""
    from kspec.backends.symbolic.module import emit_module
    from kspec.backends.symbolic.names import rule_places

    places = rule_places(program.rules)
    return {
        f"symbolic/{path}.py": emit_module(path, own, program, places) for path, own in rules.items() if own
    }


def _types(root: Path) -> dict[str, str]:
    """The types of the API, where the package that ships their schemas is installed; else they stay as they
    are.
    """
    if find_spec("kubernetes_validate") is None or not (root / "rules" / "types" / "kinds.yaml").is_file():
        return {}
    from kspec.resources.openapi import make_types

    return make_types(root)


def _table(root: Path, made: Mapping[str, str]) -> TypeTable | None:
    """The types that the rules are elaborated against: as just made, else as they stand below the root."""
    from kspec.resources.types import DEFAULT_VERSION, table_from_json

    name = f"generated/types/{DEFAULT_VERSION}.json"
    text = made.get(name) or _read(root / name)
    return table_from_json(json.loads(text)) if text else None


# ---------------------------------------------------------------- what there is


def _stale(root: Path, wanted: Mapping[str, str]) -> list[Stale]:
    """Files that differ from what is wanted, are missing, or are orphans; in order of path."""
    found = []
    for path in sorted({*wanted, *_present(root)}):
        before = _read(root / path)
        after = wanted.get(path)
        if before != after:
            found.append(Stale(path, _diff(path, before, after)))
    return found


def _present(root: Path) -> list[str]:
    """The files in the folders that are ours alone. Byte code and the like are not files of ours."""
    return [
        f.relative_to(root).as_posix()
        for folder in FOLDERS
        for f in (root / "generated" / folder).rglob("*")
        if f.is_file() and "__pycache__" not in f.parts
    ]


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return None


def _diff(path: str, before: str | None, after: str | None) -> str:
    lines = unified_diff(
        (before or "").splitlines(keepends=True),
        (after or "").splitlines(keepends=True),
        "/dev/null" if before is None else f"a/{path}",
        "/dev/null" if after is None else f"b/{path}",
    )
    return "".join(line if line.endswith("\n") else line + "\n" for line in lines)


def _write(path: Path, text: str | None) -> None:
    """Put the file there in one step, or take it away, and its folder if that is empty then."""
    if text is None:
        path.unlink()
        _remove_if_empty(path.parent)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _remove_if_empty(folder: Path) -> None:
    left = list(folder.iterdir())
    if all(f.name == "__pycache__" for f in left):
        for cache in left:
            for file in cache.iterdir():
                file.unlink()
            cache.rmdir()
        folder.rmdir()


def main(arguments: Sequence[str]) -> int:
    """For developers: `python -m kspec.backends.generate [--check]`."""
    try:
        done = generate(check="--check" in arguments)
    except DiagnosticError as error:
        for diagnostic in error.diagnostics:
            sys.stderr.write(f"{diagnostic.span}: {diagnostic.code}: {diagnostic.message}\n")
        return 2
    sys.stdout.write(done.diff if "--check" in arguments else "".join(f"{s.path}\n" for s in done.stale))
    return 1 if done.stale and "--check" in arguments else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
