"""`--option`, and `options` of a cluster, as a user says them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from support.command_line import Ran

Kspec = Callable[..., Ran]

POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p, namespace: shop}
spec: {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}
"""
WISH = """
prove "closed": forall p in pods, q in pods where q.namespace == "shop": !reaches(p, q, 80)
"""


def test_an_option_changes_a_verdict_and_is_named_with_it(kspec: Kspec, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(POLICY)
    (tmp_path / "b.kspec").write_text(WISH)
    plain = kspec("verify", tmp_path)
    assert plain.code == 1
    assert "network.ipBlocksMatchPods=true" in plain.out
    other = kspec("verify", tmp_path, "--option", "network.ipBlocksMatchPods=false")
    assert other.code == 0
    assert "network.ipBlocksMatchPods=false" in other.out
    (tmp_path / "c.kspec").write_text(
        "cluster prod { options.network: { ipBlocksMatchPods: false }  pool w { nodes: 1 } }\n"
    )
    assert kspec("verify", tmp_path).code == 0
    said = kspec("verify", tmp_path, "--option", "network.ipBlocksMatchPods=true")
    assert said.code == 1


def test_connect_takes_the_options_too(kspec: Kspec, tmp_path: Path) -> None:
    pods = "".join(
        f"---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p{n}, namespace: shop}}\n"
        f"spec: {{containers: [{{name: c, image: i}}]}}\nstatus: {{podIP: 10.0.0.{n}}}\n"
        for n in (1, 2)
    )
    (tmp_path / "a.yaml").write_text(POLICY + pods)
    groups = {}
    for value in ("true", "false"):
        args = ("--format", "json", "--by", "pod", "--option", f"network.ipBlocksMatchPods={value}")
        found = json.loads(kspec("connect", tmp_path, *args).out)
        assert found["assumptions"] == [f"where implementations differ: network.ipBlocksMatchPods={value}"]
        groups[value] = found["groups"]
    assert groups["true"] != groups["false"]


def test_an_option_that_nothing_was_said_of_is_named_where_it_was_looked_at(
    kspec: Kspec, tmp_path: Path
) -> None:
    pod = (
        "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop}\n"
        "spec: {containers: [{name: c, image: i}]}\n"
    )
    (tmp_path / "a.yaml").write_text(POLICY + pod)
    (tmp_path / "b.yaml").write_text(pod)
    line = "here implementations differ: network.ipBlocksMatchPods=true"
    assert line in kspec("connect", tmp_path / "a.yaml").out
    assert line not in kspec("connect", tmp_path / "b.yaml").out
    # What an address outside shows to be needed is so whatever the option.
    assert "network.ipBlocksMatchPods" not in kspec("analyze", tmp_path / "a.yaml", "--only", "network").out
    sides = tmp_path / "a.yaml", tmp_path / "b.yaml"
    assert "network.ipBlocksMatchPods=true" in kspec("diff", *sides, "--only", "network").out
