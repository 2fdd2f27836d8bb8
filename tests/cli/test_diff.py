"""`kspec diff`: an edit that changes nothing in meaning says so; one that does shows the smallest witness."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import ROOT, Ran

Kspec = Callable[..., Ran]
SHOP = ROOT / "examples" / "shop" / "yaml"


@pytest.fixture
def edited(tmp_path: Path) -> Callable[[str, str], Path]:
    """The shop with one text replaced in all of its files."""

    def edit(old: str, new: str) -> Path:
        for path in SHOP.glob("*.yaml"):
            (tmp_path / path.name).write_text(path.read_text().replace(old, new))
        return tmp_path

    return edit


def test_nothing_changed(kspec: Kspec) -> None:
    ran = kspec("diff", SHOP, SHOP)
    assert ran.code == 0
    assert "0 objects added, 0 removed, 0 changed" in ran.out
    assert "Network: no change, for anything that could exist." in ran.out


def test_an_edit_of_no_meaning_is_none(kspec: Kspec, edited: Callable[[str, str], Path]) -> None:
    folder = edited("    - port: 5432\n", "    - port: 5432\n      protocol: TCP\n")
    ran = kspec("diff", SHOP, folder, "--only", "network")
    assert ran.code == 0, ran.out
    assert "1 changed" in ran.out


def test_another_label_opens_to_one_and_closes_to_another(
    kspec: Kspec, edited: Callable[[str, str], Path]
) -> None:
    folder = edited("          app: checkout\n    ports:", "          app: cart\n    ports:")
    ran = kspec("diff", SHOP, folder, "--only", "network", "--format", "json")
    assert ran.code == 1
    section = json.loads(ran.out)["sections"][0]
    assert [c["possible"] for c in section["gained"]].count(True) == 1
    gained = next(c for c in section["gained"] if c["possible"])
    lost = next(c for c in section["lost"] if c["possible"])
    assert gained["details"] == {"port": 5432, "protocol": "TCP"}
    labels = [{**o["metadata"]["labels"]} for o in gained["witness"]]
    assert labels == [{"app": "cart"}, {"app": "db"}]
    assert lost["witness"][0]["metadata"]["labels"] == {"app": "checkout"}
