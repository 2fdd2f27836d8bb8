"""Knows which files a user means: files, folders, patterns and standard input, each read once, in a fixed
order.

Folders are walked without hidden files, without what git ignores, and without what only Helm or Kustomize
can read.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from glob import glob, has_magic
from pathlib import Path

from kspec.resources.ignore import Rules, is_ignored, rules_above, rules_in
from kspec.resources.text import decode_text
from kspec.source import Diagnostic, Severity, SourceFile, Span

SUFFIXES = (".yaml", ".yml", ".json", ".kspec")
KUSTOMIZATION = ("kustomization.yaml", "kustomization.yml", "Kustomization")
CHART = "Chart.yaml"
FILE_BYTES_MAX = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Input:
    """One text to read. `named`: the user named this very file, so that everything in it must be meant."""

    file: SourceFile
    named: bool


@dataclass(slots=True)
class Finder:
    """Collects inputs; what was reached once is not read again. `stdin` gives the bytes of standard input."""

    stdin: Callable[[], bytes]
    inputs: list[Input] = field(default_factory=list)
    mistakes: list[Diagnostic] = field(default_factory=list)
    _reached: int = 0  # how many files and mistakes were met, those met before included
    _files: set[str] = field(default_factory=set)
    _folders: set[str] = field(default_factory=set)

    def add(
        self, path: str, at: Span | None = None, base: str = "", suffixes: tuple[str, ...] = SUFFIXES
    ) -> None:
        """What a user names: a path, a pattern, or `-`. An import says where it stands, and its folder."""
        before = self._reached
        if path == "-":
            self._add_stdin()
            return
        full = os.path.join(base, path) if base else path
        if os.path.isdir(full):
            self._add_folder(full, suffixes)
        elif os.path.lexists(full):
            self._add_file(full, named=True)
        elif has_magic(full):
            self._add_matches(full, suffixes)
        else:
            self._tell("KS2608", f"there is no file or folder `{path}`", full, at, "check the spelling")
            return
        if self._reached == before:
            help_ = f"files of manifests end in {', '.join(suffixes)}"
            self._tell("KS2609", f"`{path}` holds no manifests", full, at, help_)

    def _add_stdin(self) -> None:
        if "-" in self._files:
            return
        self._files.add("-")
        try:
            data = self.stdin()
        except OSError as error:
            self._tell("KS2610", f"standard input cannot be read: {_reason(error)}", "-")
            return
        self._add_text("-", data, named=True)

    def _add_matches(self, pattern: str, suffixes: tuple[str, ...]) -> None:
        for path in sorted(glob(pattern, recursive=True)):
            if os.path.isdir(path):
                continue
            if path.endswith(suffixes):
                self._add_file(path, named=False)

    def _add_file(self, path: str, named: bool) -> None:
        self._reached += 1
        real = os.path.realpath(path)
        if real in self._files:
            return
        self._files.add(real)
        if os.path.basename(path) in KUSTOMIZATION:
            self._skip(path, "a kustomization", "name the output of `kubectl kustomize` instead")
            return
        try:
            with open(path, "rb") as stream:
                data = stream.read(FILE_BYTES_MAX + 1)
        except OSError as error:
            self._tell("KS2610", f"`{path}` cannot be read: {_reason(error)}", path)
            return
        if len(data) > FILE_BYTES_MAX:
            self._tell("KS2610", f"`{path}` is larger than {FILE_BYTES_MAX // 2**20} MiB", path)
            return
        self._add_text(path, data, named)

    def _add_text(self, path: str, data: bytes, named: bool) -> None:
        file, mistakes = decode_text(path, data)
        self.mistakes += mistakes
        self.inputs.append(Input(file, named))

    def _add_folder(self, folder: str, suffixes: tuple[str, ...]) -> None:
        rules = rules_above(Path(os.path.realpath(folder)))
        self._walk(folder, suffixes, rules, ())

    def _walk(
        self, folder: str, suffixes: tuple[str, ...], rules: tuple[Rules, ...], above: tuple[str, ...]
    ) -> None:
        real = os.path.realpath(folder)
        if real in above:
            self._tell(
                "KS2611", f"`{folder}` leads back to a folder around it", folder, severity=Severity.WARNING
            )
            return
        if real in self._folders:
            self._reached += 1
            return
        self._folders.add(real)
        try:
            entries = sorted(os.scandir(folder), key=lambda e: e.name)
        except OSError as error:
            self._tell("KS2610", f"`{folder}` cannot be read: {_reason(error)}", folder)
            return
        if any(e.name == CHART for e in entries):
            self._skip(
                os.path.join(folder, CHART), "a Helm chart", "name the output of `helm template` instead"
            )
            entries = [e for e in entries if e.name == "crds"]
        rules = (*rules, *rules_in(Path(real)))
        for entry in entries:
            self._visit(entry, real, suffixes, rules, (*above, real))

    def _visit(
        self,
        entry: os.DirEntry[str],
        real_folder: str,
        suffixes: tuple[str, ...],
        rules: tuple[Rules, ...],
        above: tuple[str, ...],
    ) -> None:
        is_folder = entry.is_dir()
        if entry.name.startswith(".") or is_ignored(Path(real_folder, entry.name), is_folder, rules):
            return
        path = entry.path.removeprefix("./")
        if is_folder:
            self._walk(path, suffixes, rules, above)
        elif entry.name.endswith(suffixes) or entry.name in KUSTOMIZATION:
            if entry.is_file():
                self._add_file(path, named=False)
            elif entry.is_symlink():
                self._tell("KS2610", f"`{path}` leads nowhere", path)

    def _skip(self, path: str, what: str, help_: str) -> None:
        self._tell("KS2612", f"`{path}` is {what} and was skipped", path, None, help_, Severity.NOTE)

    def _tell(
        self,
        code: str,
        message: str,
        path: str,
        at: Span | None = None,
        help_: str = "",
        severity: Severity = Severity.ERROR,
    ) -> None:
        self._reached += 1
        span = at or Span(SourceFile(path, ""), 0, 0)
        self.mistakes.append(Diagnostic(code, message, span, severity, help_))


def find_inputs(paths: Iterable[str], stdin: Callable[[], bytes]) -> Finder:
    """The inputs that these paths name."""
    finder = Finder(stdin)
    for path in paths:
        finder.add(path)
    return finder


def _reason(error: OSError) -> str:
    reason = error.strerror or str(error)
    return reason[:1].lower() + reason[1:]
