"""What a property fixes by its own conditions, and that equal parts of a cluster become one."""

from __future__ import annotations

from pathlib import Path

import pytest

from kspec.resources.load import load_library, load_workspace
from kspec.verify.cluster import Sharing
from kspec.verify.pinned import pinned


@pytest.mark.parametrize(
    ("text", "fixed"),
    [
        ('forall p in pods where p.namespace == "a": reaches(p, p, 1)', {("p", "namespace"): "a"}),
        ('forall p in pods: p.namespace == "a" implies reaches(p, p, 1)', {("p", "namespace"): "a"}),
        (
            'forall p in pods: !("a" == p.namespace && p.name == "b")',
            {("p", "namespace"): "a", ("p", "name"): "b"},
        ),
        ('exists p in pods: p.namespace == "a" && reaches(p, p, 1)', {("p", "namespace"): "a"}),
        ('forall p in pods: p.namespace == "a"', {}),
        ('forall p in pods where p.namespace == "a" || p.name == "b": reaches(p, p, 1)', {}),
        ('forall p in pods where p.namespace != "a": reaches(p, p, 1)', {}),
        ('forall p in pods where p.labels["app"] == "a": reaches(p, p, 1)', {}),
        ('forall p in pods where p.namespace == "": reaches(p, p, 1)', {}),
        ('exists p in pods: !(p.namespace == "a")', {}),
    ],
)
def test_only_what_must_be_so_where_it_fails_is_fixed(
    text: str, fixed: dict[tuple[str, str], str], tmp_path: Path
) -> None:
    path = tmp_path / "p.kspec"
    path.write_text(f'prove "t": {text}\n')
    (prop,) = load_workspace([str(path)], library=load_library()).properties
    assert pinned(prop.holds, prop.some) == fixed


def test_equal_parts_become_one_and_others_do_not() -> None:
    value = [{"a": {"x": 1}}, {"b": {"x": 1}}, {"c": {"x": True}}, {"d": {"x": "1"}}, {"e": [1]}, {"f": [1]}]
    shared = Sharing().of(value)
    assert shared == value
    assert shared[0]["a"] is shared[1]["b"]
    assert shared[2]["c"]["x"] is True
    assert shared[4]["e"] is shared[5]["f"]
