"""Knows how `--apiserver FILE` is read: the flags of an API server, as its pod or its installer has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kspec.source import Diagnostic, DiagnosticError, SourceFile, has_errors

NO_FLAGS, NOT_HERE = "KS4007", "KS4008"


@dataclass(frozen=True, slots=True)
class Server:
    """The flags of an API server, each with its values in their order, and where they were read."""

    path: str
    flags: Mapping[str, tuple[str, ...]]

    def value(self, name: str) -> str | None:
        """The value that counts; None where the flag is not used."""
        said = self.flags.get(name)
        return said[-1] if said else None

    def file(self, name: str) -> str | None:
        """A file that a flag names: as it is named, or beside the file that was read."""
        said = self.value(name)
        if not said:
            return None
        beside = Path(self.path).parent / Path(said).name
        for path in (Path(said), beside):
            if path.is_file():
                return str(path)
        message = f"the API server's --{name} is `{said}`, which is not here"
        help_ = f"put it beside `{self.path}`, or name it: `--{name} FILE`"
        raise DiagnosticError([Diagnostic(NOT_HERE, message, help=help_)])


def read_server(path: str) -> Server:
    """The flags in a manifest of the API server's pod, or in the configuration of an installer."""
    from kspec.cli.files import read_source

    file = read_source(path)
    words = list(_words(file))
    flags: dict[str, list[str]] = {}
    for i, word in enumerate(words):
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            if not equals:
                follows = words[i + 1] if i + 1 < len(words) else ""
                value = "true" if not follows or follows.startswith("--") else follows
            flags.setdefault(name, []).append(value)
    if not flags:
        help_ = "it is the manifest of the API server's pod, or the configuration that kubeadm made it of"
        raise DiagnosticError([Diagnostic(NO_FLAGS, f"`{path}` has no flags of an API server", help=help_)])
    return Server(path, {name: tuple(values) for name, values in flags.items()})


def _words(file: SourceFile) -> Iterator[str]:
    from kspec.resources.yaml import load_yaml

    documents, mistakes = load_yaml(file)
    if has_errors(mistakes):
        raise DiagnosticError(mistakes)
    for document in documents:
        if isinstance(document.value, dict):
            yield from _commands(document.value)
            server = document.value.get("apiServer")
            yield from _arguments(server.get("extraArgs") if isinstance(server, dict) else None)


def _commands(value: Mapping[str, Any]) -> Iterator[str]:
    """The command lines of a pod's containers."""
    spec = value.get("spec")
    containers = spec.get("containers") if isinstance(spec, dict) else None
    for container in containers if isinstance(containers, list) else ():
        for key in ("command", "args"):
            words = container.get(key) if isinstance(container, dict) else None
            yield from (str(w) for w in (words if isinstance(words, list) else ()))


def _arguments(said: object) -> Iterator[str]:
    """Arguments as a map from names to values, or as a list of both."""
    pairs: Sequence[tuple[object, object]] = ()
    if isinstance(said, dict):
        pairs = list(said.items())
    elif isinstance(said, list):
        pairs = [(one.get("name"), one.get("value")) for one in said if isinstance(one, dict)]
    yield from (f"--{name}={value}" for name, value in pairs)
