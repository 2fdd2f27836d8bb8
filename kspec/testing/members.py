"""Knows how to draw what a property quantifies over: members of a domain, near those that there are.

A domain says which candidates could exist. Candidates drawn blindly from a type seldom could, so each begins
as one that does, and is changed in a few fields, with the names, labels and values that occur in the cluster.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from kspec.ir.types import ListOf, MapOf, Record, Scalar, Type, TypeTable
from kspec.runtime.rulebook import CompiledRule, load_rulebook
from kspec.runtime.values import EvalError
from kspec.testing.compiled import CompiledFolder, Vocabulary
from kspec.testing.values import values_of

CHANGES_MAX = 3
OTHER = "other"
"""A text that no object of the cluster has."""


@st.composite
def members(draw: DrawFn, folder: CompiledFolder, domain: str, *candidates: Mapping[str, Any]) -> Any:
    """Members of a domain, existing or not, near those that exist and near these candidates."""
    rule = load_rulebook().with_rules(folder.rules).get(domain)
    assert rule is not None, domain
    arguments = (folder.cluster,) if len(rule.params) > 1 else ()
    blank: dict[str, Any] = dict(candidates[0]) if candidates else {}
    there = _at_hand(rule, blank, *arguments)
    # What a member at hand leaves open (an address, before it runs) is as the candidate has it.
    begin = [*candidates, *({**blank, **each} for each in there)]
    assume(begin)
    record = Record(rule.params[0].type)
    value = draw(st.sampled_from(begin))
    for _ in range(draw(st.integers(0, CHANGES_MAX))):
        value = draw(changed(value, record, folder.table, folder.vocabulary))
    assume(_could_exist(rule, value, *arguments))
    return value


def _at_hand(rule: CompiledRule, *arguments: object) -> Sequence[Any]:
    """The members that there are, whatever candidate is asked about; none where the rule has no answer."""
    try:
        judged: Any = rule.fn(*arguments)
    except EvalError:
        return ()
    return tuple(judged["members"])


def _could_exist(rule: CompiledRule, *arguments: object) -> bool:
    """What the domain says; where it has no answer the value is no member."""
    try:
        judged: Any = rule.fn(*arguments)
    except EvalError:
        return False
    return bool(judged["valid"])


@st.composite
def changed(
    draw: DrawFn, value: Mapping[str, Any], type_: Record, table: TypeTable, words: Vocabulary
) -> Any:
    """The value with one field changed."""
    fields = table.fields_of(type_)
    name = draw(st.sampled_from(sorted(fields)))
    return {**value, name: draw(known_values(name, fields[name].type, table, words))}


def known_values(name: str, type_: Type, table: TypeTable, words: Vocabulary) -> SearchStrategy[Any]:
    """Values of a field, mostly texts that stand in such a field of the cluster."""
    match type_:
        case MapOf(Scalar("string"), Scalar("string")):
            return labels(words)
        case ListOf(Scalar() as element):
            return st.lists(known_values(name, element, table, words), max_size=3)
        case Scalar("string"):
            return st.sampled_from((*words.fields.get(name, ()), OTHER))
    return values_of(type_, table)


@st.composite
def labels(draw: DrawFn, words: Vocabulary) -> dict[str, str]:
    """Keys that occur in the cluster, each with a value that it has there, or with another."""
    keys = draw(st.lists(st.sampled_from((*words.labels, OTHER)), max_size=3, unique=True))
    return {key: draw(st.sampled_from((*words.labels.get(key, ()), OTHER))) for key in keys}
