"""The recipes of examples/policies do what they say, and nothing in them is superfluous."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import ROOT, Ran

Kspec = Callable[..., Ran]
FOLDER = ROOT / "examples" / "policies"
RECIPES = sorted(p for p in FOLDER.glob("*.kspec") if p.stem != "shop")


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda p: p.stem)
def test_a_recipe_holds_what_it_promises(kspec: Kspec, recipe: Path) -> None:
    ran = kspec("verify", recipe)
    assert ran.code == 0, ran.out + ran.err


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda p: p.stem)
def test_nothing_in_a_recipe_is_superfluous(kspec: Kspec, recipe: Path) -> None:
    """But for the one that opens what nothing closes, and those that are about leaving and leave out DNS."""
    found = kspec("analyze", recipe, "--only", "network", "--format", "json").json["sections"][0]["findings"]
    codes = {f["code"] for f in found}
    assert codes <= ({"KS3105"} if recipe.stem == "allow-all" else {"KS3110"}), codes


def test_the_list_of_recipes_is_whole() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [name for name in RECIPES if f"({name.name})" not in text] == []
