"""The options of the rules: which there are, how they are said, and which a verdict rests on."""

from __future__ import annotations

import pytest

from kspec.resources.load import load_library
from kspec.resources.types import load_types
from kspec.source import DiagnosticError
from kspec.verify.choices import Choosing, checked_choices, choices, read_choices

TABLE = load_library().types(load_types())


def test_every_option_has_a_default_of_its_type_and_says_what_it_means() -> None:
    kinds = {"bool": bool, "string": str, "int": int}
    found = list(choices(TABLE))
    assert len(found) > 5
    for choice in found:
        assert isinstance(choice.default, kinds[str(getattr(choice.type, "name", ""))])
        assert choice.doc


def test_options_are_read_by_their_types() -> None:
    said = ["network.ipBlocksMatchPods=false", "network.ingressNamespace=edge"]
    assert read_choices(said, TABLE) == {"network": {"ipBlocksMatchPods": False, "ingressNamespace": "edge"}}
    assert checked_choices({"network": {"tiesByName": True}}, TABLE) == {"network": {"tiesByName": True}}


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("network.ipBlocksMatchPod=true", "did you mean `network.ipBlocksMatchPods`"),
        ("network.ipBlocksMatchPods=maybe", "say `true` or `false`"),
        ("network.ipBlocksMatchPods", "for example"),
        ("colour=red", "there are `network."),
    ],
)
def test_mistakes(text: str, part: str) -> None:
    with pytest.raises(DiagnosticError) as caught:
        read_choices([text], TABLE)
    assert part in caught.value.diagnostics[0].help


def test_what_was_looked_at_is_told_once() -> None:
    from kspec.runtime.rulebook import load_rulebook

    choosing = Choosing({"network": {"tiesByName": True}}, TABLE)
    cluster = choosing.within({})
    rule = load_rulebook().get("network/tiesByName")
    assert rule is not None
    assert choosing.rested_on() == ()
    assert rule.fn(cluster) is True
    assert [line.partition(": ")[2] for line in choosing.rested_on()] == ["network.tiesByName=true"]
    assert choosing.rested_on() == ()
