"""docs/network.md: its properties mean something, and it lists the options that there are."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from support.command_line import ROOT, Ran

from kspec.resources.load import load_library
from kspec.resources.types import load_types
from kspec.verify.choices import choices

PAGE = (ROOT / "docs" / "network.md").read_text(encoding="utf-8")
SHOP = """
apiVersion: v1
kind: Pod
metadata: {name: cart, namespace: shop, labels: {app: cart}}
spec: {containers: [{name: c, image: i}]}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {selector: {app: cart}, ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: i, namespace: shop}
spec: {rules: [{host: shop.example, http: {paths: [
  {path: /cart, pathType: Prefix, backend: {service: {name: cart, port: {number: 80}}}}]}}]}
"""


def test_the_properties_hold_of_a_small_shop(kspec: Callable[..., Ran], tmp_path: Path) -> None:
    blocks = re.findall(r"```kspec\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 3
    (tmp_path / "page.kspec").write_text("\n".join(blocks))
    (tmp_path / "shop.yaml").write_text(SHOP)
    ran = kspec("verify", tmp_path)
    assert ran.code == 0, ran.out + ran.err
    assert "3 hold" in ran.out


def test_every_option_is_listed_with_its_default() -> None:
    listed = dict(re.findall(r"^\| `((?:network|nodes)\.\w+)` \| (.*?) \|", PAGE, re.MULTILINE))
    table = load_library().types(load_types())
    shown = {
        c.full_name: str(c.default).lower() if isinstance(c.default, bool) else str(c.default)
        for c in choices(table)
    }
    assert {name: text.strip("`").replace("none", "") for name, text in listed.items()} == shown
