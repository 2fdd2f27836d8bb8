"""Knows how values come in: `--bind x=1`, `--bind pod=@pod.yaml`, `--param replicas=3`."""

from __future__ import annotations

import json
from collections.abc import Iterable

from kspec.source import Diagnostic, DiagnosticError, has_errors

BAD_BINDING, BAD_FILE = "KS1902", "KS1903"


def read_bindings(given: Iterable[str], option: str) -> dict[str, object]:
    """`NAME=VALUE` each: VALUE is JSON where it reads as JSON, `@FILE` a YAML or JSON file, else a string."""
    bindings: dict[str, object] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            message = f"`{option} {text}` is not NAME=VALUE"
            raise DiagnosticError(
                [Diagnostic(BAD_BINDING, message, help=f"for example: {option} replicas=3")]
            )
        bindings[name] = read_file(value[1:]) if value.startswith("@") else read_value(value)
    return bindings


def read_value(text: str) -> object:
    """JSON if it is JSON; otherwise the text itself, so that nobody has to quote quotes."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def read_file(path: str) -> object:
    """The one document of a YAML or JSON file."""
    from kspec.cli.files import read_source
    from kspec.resources.yaml import load_yaml

    documents, mistakes = load_yaml(read_source(path))
    if has_errors(mistakes):
        raise DiagnosticError(mistakes)
    if len(documents) != 1:
        message = f"`{path}` holds {len(documents)} documents; one is wanted"
        raise DiagnosticError([Diagnostic(BAD_FILE, message, help="split the file, or bind one of them")])
    return documents[0].value


def read_binding_files(paths: Iterable[str]) -> dict[str, object]:
    """All names of all files: each file is a map from name to value."""
    bindings: dict[str, object] = {}
    for path in paths:
        value = read_file(path)
        if not isinstance(value, dict):
            message = f"`{path}` is not a map from names to values"
            raise DiagnosticError([Diagnostic(BAD_FILE, message, help='for example: {"replicas": 3}')])
        bindings |= value
    return bindings
