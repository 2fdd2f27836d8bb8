"""Every diagnostic has a page with an example that yields it, and every page has a diagnostic."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.pages import Page, codes_in_source, codes_of, pages


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    used, described = set(codes_in_source()), {p.code for p in pages()}
    assert sorted(used - described) == [], "no page in docs/diagnostics"
    assert sorted(described - used) == [], "no such diagnostic in kspec/"


def test_titles_are_told_apart() -> None:
    titles = [p.title for p in pages()]
    assert sorted(titles) == sorted(set(titles))


@pytest.mark.parametrize("page", pages(), ids=lambda p: p.code)
def test_the_example_yields_the_code(page: Page, tmp_path: Path) -> None:
    assert page.code in codes_of(page.example, tmp_path)


@pytest.mark.parametrize("page", [p for p in pages() if p.instead], ids=lambda p: p.code)
def test_what_is_to_be_written_instead_is_well(page: Page, tmp_path: Path) -> None:
    assert page.instead is not None
    assert codes_of(page.instead, tmp_path) == set()
