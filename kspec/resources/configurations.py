"""Knows the files that configure a component of Kubernetes: they look like objects, but the API server never
sees them, and they have no name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kspec.resources.decode import Locator, Path
from kspec.resources.objects import group_of
from kspec.source import Span

GROUPS = ".config.k8s.io"
"""How the API groups of components' configurations end."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """One such file, or document of a file: its JSON as it was written."""

    value: dict[str, Any]
    where: Locator = field(compare=False, repr=False)
    base: Path = field(default=(), compare=False, repr=False)

    @property
    def api_version(self) -> str:
        return str(self.value["apiVersion"])

    @property
    def kind(self) -> str:
        return str(self.value["kind"])

    def locate(self, path: Path) -> Span:
        return self.where.locate(self.base + path)

    def locate_key(self, path: Path) -> Span:
        return self.where.locate_key(self.base + path)


def is_configuration(value: object) -> bool:
    """Does this configure a component, rather than be an object of the API?"""
    if not isinstance(value, dict) or "metadata" in value:
        return False
    version, kind = value.get("apiVersion"), value.get("kind")
    return isinstance(version, str) and isinstance(kind, str) and group_of(version).endswith(GROUPS)
