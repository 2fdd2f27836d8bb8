"""Knows the standard rules as a world needs them: the compiled rulebook, its types, its scheduler profile."""

from __future__ import annotations

from collections.abc import Mapping

from kspec.ir.types import TypeTable
from kspec.model.profile import Profile, profile_of
from kspec.model.program import cluster_fields
from kspec.model.rules import RuleSet
from kspec.runtime.rulebook import Rulebook

DEFAULT_PROFILE = "scheduling.default"


def standard_rules(rulebook: Rulebook, table: TypeTable) -> RuleSet:
    """The rules of a rulebook; `table` holds the types of the API and those that the rules declare."""
    return RuleSet(rulebook, cluster_fields(table))


def standard_profile(profiles: Mapping[str, Mapping[str, object]], name: str = DEFAULT_PROFILE) -> Profile:
    """A profile of the library by its qualified name, with its fields."""
    return profile_of(name, profiles[name])
