"""Knows the sections of `kspec analyze`: each is a module here with `TITLE` and `analyze`, see `Topic`."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Protocol

from kspec.cli.inputs import Inputs
from kspec.cli.session import Session

if TYPE_CHECKING:
    from kspec.report.analysis import Section


class Topic(Protocol):
    """What a module of this folder has."""

    TITLE: str

    def analyze(self, session: Session, inputs: Inputs, timeout: float, *said: str) -> Section:
        """`said`: what options that are about this section alone say."""
        ...


def topics() -> tuple[str, ...]:
    """The names of all sections, which is what `--only` takes."""
    return tuple(sorted(m.name for m in iter_modules(__path__)))


def topic(name: str) -> Topic:
    """The module of a section, imported when it is asked for."""
    module: Topic = import_module(f"{__name__}.{name}")
    return module
