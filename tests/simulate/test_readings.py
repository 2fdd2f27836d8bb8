"""A world leaves the same trace on compiled rules as under the reference evaluator, and under every hash
seed.
"""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from support.standard import NODES, deployment, rules, shared, table, workspace, world_of_workspace

from kspec.data import root
from kspec.elaborate.modules import Elaborated, elaborate_rules
from kspec.ir.types import Record
from kspec.model.profile import profile_of
from kspec.model.program import rules_of_program
from kspec.model.rules import call_function
from kspec.plan import Rules, make_plan
from kspec.resources.decode import decode
from kspec.resources.load import Workspace, load_workspace
from kspec.resources.objects import encode
from kspec.resources.types import load_types
from kspec.runtime.quantity import parse_quantity
from kspec.source import SourceFile
from kspec.syntax.parse import parse_module


@cache
def elaborated() -> Elaborated:
    """The standard rules, from their sources."""
    folder = root() / "rules"
    modules = []
    for path in sorted(folder.rglob("*.kspec")):
        module, mistakes = parse_module(SourceFile(path.name, path.read_text(encoding="utf-8")))
        assert not mistakes
        modules.append((path.relative_to(folder).with_suffix("").as_posix(), module))
    return elaborate_rules(modules, load_types())


@cache
def evaluated() -> Rules:
    """The standard rules under the reference evaluator."""
    found = elaborated()
    profile = profile_of("default", found.profiles["scheduling.default"].fields)
    return Rules(rules_of_program(found.program, found.types), profile, "1.36")


POOL = {"name": "n", "nodes": 3, "cpu": parse_quantity("8"), "memory": parse_quantity("32Gi"), "pods": 110}


def corpus(name: str) -> Workspace:
    return load_workspace([str(shared("corpus", name))])


def agree(now: Workspace, before: Workspace | None = None) -> None:
    compiled, reference = make_plan(now, rules(), before), make_plan(now, evaluated(), before)
    assert compiled.trace == reference.trace
    assert compiled == reference
    assert compiled.trace and not compiled.problems


@pytest.mark.parametrize("name", ["guestbook", "cassandra", "online-boutique", "argo-cd", "kube-prometheus"])
def test_both_readings_plan_the_corpus_alike(name: str) -> None:
    agree(corpus(name))


@pytest.mark.parametrize("name", ["cassandra", "online-boutique", "argo-cd", "kube-prometheus"])
def test_what_components_write_follows_the_types_of_the_api(name: str) -> None:
    """Every object of a world at rest, written as JSON, is read back without a mistake, and is the same."""
    world = world_of_workspace(corpus(name))
    for node in call_function(world.api.rules.function("nodes/nodesOf"), POOL):
        world.store.restore("core.Node", world.api.kinds.identified("core.Node", node))
    world.run_until_quiet()
    assert len(world.store.objects("core.Pod")) > 0
    for record in world.store.records():
        for obj in world.store.objects(record):
            back, mistakes = decode(encode(obj), Record(record), table())
            assert not mistakes, (record, mistakes)
            assert back == obj


def test_both_readings_roll_out_alike() -> None:
    old = deployment("web", 4) + deployment("batch", 2, cpu="1500m") + NODES
    new = deployment("web", 5, image="shop/web:2") + deployment("batch", 3, app="other") + NODES
    agree(workspace(new), workspace(old))


def test_the_table_of_the_library_is_that_of_the_sources() -> None:
    assert set(table().records) == set(elaborated().types.records)


def test_a_plan_does_not_depend_on_the_hash_seed() -> None:
    tests = Path(__file__).parent.parent
    code = (
        "import json; from support.standard import *; from kspec.plan import plan_to_json\n"
        "plan = plan_of(deployment('web', 3, image='b') + NODES, deployment('web', 2) + NODES)\n"
        "print(json.dumps(plan_to_json(plan)), plan.trace)"
    )
    printed = set()
    for seed in ("0", "1", "77"):
        path = f"{tests}{os.pathsep}{tests.parent}"
        run = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=True,
        )
        printed.add(run.stdout)
    assert len(printed) == 1
