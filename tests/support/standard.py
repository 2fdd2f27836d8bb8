"""The standard rules for tests that run the model on Kubernetes itself, and workspaces made of text."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from kspec.ir.types import TypeTable
from kspec.model.standard import DEFAULT_PROFILE, standard_profile, standard_rules
from kspec.model.world import World
from kspec.plan import Plan, Rules, make_plan
from kspec.resources.load import Workspace, load_library, load_workspace
from kspec.resources.types import load_types
from kspec.runtime.rulebook import load_rulebook


@cache
def table() -> TypeTable:
    return load_library().types(load_types())


@cache
def rules() -> Rules:
    library = load_library()
    profiles = {name: p.fields for name, p in library.profiles.items()}
    return Rules(
        standard_rules(load_rulebook(), table()), standard_profile(profiles, DEFAULT_PROFILE), "1.36"
    )


def workspace(text: str) -> Workspace:
    """The workspace of one YAML text; it must have no mistakes."""
    found = load_workspace(["-"], stdin=lambda: text.encode())
    assert found.ok, found.diagnostics
    return found


def plan_of(text: str, before: str = "", **given: Any) -> Plan:
    return make_plan(workspace(text), rules(), workspace(before) if before else None, **given)


def world_of(text: str, **given: Any) -> World:
    """A world with the nodes and everything else of a YAML text, created in order; not yet run."""
    return world_of_workspace(workspace(text), **given)


def world_of_workspace(found: Workspace, **given: Any) -> World:
    """The same of a workspace; objects without a type are left out."""
    world = World(rules().rules, table(), rules().profile, **given)
    for obj in found.objects:
        if obj.kind is None or obj.decoded is None:
            continue
        if obj.kind.record == "core.Node":
            world.store.restore("core.Node", obj.decoded)
        else:
            reply = world.api.create(obj.kind.record, obj.decoded)
            assert reply.ok, reply
    return world


def shared(*parts: str) -> Path:
    """A place among the shared test data, which may be absent."""
    import pytest

    path = Path(__file__).resolve().parents[3].joinpath("shared", *parts)
    if not path.exists():
        pytest.skip(f"{path} is not at hand")
    return path


NODES = "".join(
    f"""
---
apiVersion: v1
kind: Node
metadata: {{name: {name}, labels: {{kubernetes.io/hostname: {name}, disk: {disk}}}}}
status: {{allocatable: {{cpu: "2", memory: 4Gi, pods: "10"}}}}
"""
    for name, disk in (("n0", "ssd"), ("n1", "hdd"))
)
"""Two nodes, one with a fast disk."""


def deployment(name: str, replicas: int = 1, **more: str) -> str:
    """A Deployment as YAML; `image`, `cpu`, `template` and `spec` (lines of YAML flow) may be given."""
    return f"""
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: {more.get("namespace", "shop")}}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {more.get("app", name)}}}}}
  {more.get("spec", "")}
  template:
    metadata: {{labels: {{app: {more.get("app", name)}}}}}
    spec:
      {more.get("template", "")}
      containers:
      - name: c
        image: "{more.get("image", "shop/web:1")}"
        resources: {{requests: {{cpu: "{more.get("cpu", "100m")}"}}}}
"""
