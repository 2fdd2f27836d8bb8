"""Knows the workload files of scheduler_perf, Kubernetes' own benchmark of its scheduler: test cases, each a
list of operations, and workloads that fill in the numbers.

Templates are named relative to the file, or to a folder above it, as upstream's own files do both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kspec.conform.protocol import UnsupportedCase
from kspec.resources.yaml import load_yaml
from kspec.source import DiagnosticError, SourceFile, has_errors

PLACEHOLDER = re.compile(r"\{\{.*?\}\}")
INDEX = re.compile(r"\{\{\s*\.(Index|Count)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Operation:
    """One step, its counts filled in. `fields` is what the file says; `inner` what is done for each."""

    opcode: str
    fields: Mapping[str, Any]
    count: int = 1
    inner: Operation | None = None


@dataclass(frozen=True, slots=True)
class Workload:
    """One run: its operations, and how many pods a second upstream demands; None if it does not say."""

    case: str
    name: str
    labels: tuple[str, ...]
    threshold: float | None
    operations: tuple[Operation, ...]
    templates: Templates

    @property
    def title(self) -> str:
        return f"{self.case}/{self.name}"


class Templates:
    """The templates of one file, read when they are first wanted."""

    def __init__(self, file: Path, pod: str) -> None:
        self._file = file
        self._texts: dict[str, str] = {}
        self.pod = pod
        """The template of pods that name none."""

    def read(self, name: str, index: int = 0, count: int = 1) -> dict[str, Any]:
        """The object, the number of the object and of all of them filled in."""
        if name not in self._texts:
            self._texts[name] = self._found(name).read_text(encoding="utf-8")
        values = {"Index": str(index), "Count": str(count)}
        text = INDEX.sub(lambda m: values[m.group(1)], self._texts[name])
        if PLACEHOLDER.search(text):
            raise UnsupportedCase(f"{name} computes more than `.Index` and `.Count`")
        documents = parsed(name, text)
        if len(documents) != 1 or not isinstance(documents[0], dict):
            raise UnsupportedCase(f"{name} is not one object")
        return dict(documents[0])

    def is_same(self, name: str) -> bool:
        """Is every object of this template alike?"""
        self.read(name)
        return not PLACEHOLDER.search(self._texts[name])

    def _found(self, name: str) -> Path:
        for folder in (self._file.parent, *self._file.parent.parents):
            if (folder / name).is_file():
                return folder / name
        raise UnsupportedCase(f"there is no template {name}")


def read_workloads(path: Path) -> list[Workload]:
    """All workloads of a file, in order. DiagnosticError or UnsupportedCase if it is none."""
    found: list[Workload] = []
    for document in parsed(str(path), path.read_text(encoding="utf-8")):
        if not isinstance(document, list):
            raise UnsupportedCase(f"{path} is not a list of test cases")
        for case in document:
            found += _workloads(case, path)
    return found


def parsed(name: str, text: str) -> list[Any]:
    documents, mistakes = load_yaml(SourceFile(name, text))
    if has_errors(mistakes):
        raise DiagnosticError(mistakes)
    return [d.value for d in documents]


def _workloads(case: Any, path: Path) -> Iterator[Workload]:
    if not isinstance(case, dict) or not isinstance(case.get("workloadTemplate"), list):
        raise UnsupportedCase(f"{path}: a test case needs a `workloadTemplate`")
    templates = Templates(path, str(case.get("defaultPodTemplatePath", "")))
    labels = tuple(case.get("labels") or ())
    for each in case.get("workloads") or ():
        params = each.get("params") or {}
        operations = tuple(operation(op, params) for op in case["workloadTemplate"])
        its = tuple(map(str, (*labels, *(each.get("labels") or ()))))
        title = str(case.get("name", "")), str(each.get("name", ""))
        yield Workload(*title, its, _threshold(each.get("threshold")), operations, templates)


def operation(op: Mapping[str, Any], params: Mapping[str, Any]) -> Operation:
    """The operation with its count: a number, or the name of a parameter of the workload, after a `$`."""
    count = op.get("count", 1)
    if "countParam" in op:
        name = str(op["countParam"]).removeprefix("$")
        if name not in params:
            raise UnsupportedCase(f"the parameter `{name}` has no value")
        count = params[name]
    inner = operation(op["createPodsOp"], params) if "createPodsOp" in op else None
    return Operation(str(op.get("opcode", "")), op, int(count), inner)


def _threshold(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def chosen(workloads: Sequence[Workload], only: str, label: str) -> list[Workload]:
    """Those whose title holds a text, and that have a label; an empty text means all."""
    return [w for w in workloads if only in w.title and (not label or label in w.labels)]
