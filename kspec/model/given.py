"""Knows what the rules of a profile take by name: what is given for one pod, and what is made of it once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kspec.model.cluster import PARAM, ClusterSource
from kspec.model.objects import Object
from kspec.model.rules import call_function
from kspec.runtime.rulebook import CompiledRule
from kspec.source import InternalError


class Given:
    """Values by name. `makers` are the functions that make the others, each when it is first wanted: so what
    a maker takes must not change after it was asked.
    """

    def __init__(
        self, makers: Mapping[str, CompiledRule], cluster: ClusterSource, values: Mapping[str, object]
    ) -> None:
        self._makers = makers
        self._cluster = cluster
        self._values = dict(values)

    def add(self, name: str, value: object) -> None:
        self._values[name] = value

    def at(self, node: Object, placed: tuple[Object, ...]) -> None:
        """The node that is asked about from now on, and its pods."""
        self._values["node"], self._values["placed"] = node, placed

    def ask(self, rule: CompiledRule) -> Any:
        """The rule's value."""
        return call_function(
            rule, *[self._cluster.of(rule) if p.name == PARAM else self[p.name] for p in rule.params]
        )

    def __getitem__(self, name: str) -> Any:
        if name not in self._values:
            maker = self._makers.get(name)
            if maker is None:
                raise InternalError(
                    f"the model does not give `{name}`, nor does the profile say who makes it"
                )
            self._values[name] = self.ask(maker)
        return self._values[name]
