"""Networks made of a few words, and what the verdicts on them are: by the evaluator, and by the solver."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from kspec.cli.inputs import Inputs
from kspec.cli.verifying import defaulting_of
from kspec.elaborate.library import Library
from kspec.resources.load import Workspace, load_library, load_workspace
from kspec.resources.types import load_types
from kspec.solve.verdict import Holds, Unknown, Verdict, Violated
from kspec.verify.cluster import cluster_of, objects_in
from kspec.verify.properties import verify_property
from kspec.verify.setting import Setting, standard_setting


@cache
def library() -> Library:
    return load_library()


@cache
def setting() -> Setting:
    """One for all, so that the rules are read once."""
    return standard_setting(library().types(load_types()))


def values(manifests: str, expressions: list[str]) -> list[Any]:
    """What the evaluator makes of expressions about the objects."""
    from kspec.ir import nodes as ir
    from kspec.ir.evaluate import evaluate

    found, cluster = loaded(manifests, [f'assert "{n}": dyn({e}) == 0' for n, e in enumerate(expressions)])
    made = []
    for prop in found.properties:
        assert isinstance(prop.holds, ir.Call)
        made.append(evaluate(prop.holds.args[0], {"cluster": cluster}, setting().rules))
    return made


def loaded(manifests: str, properties: list[str]) -> tuple[Workspace, dict[str, Any]]:
    """The workspace of a text of manifests and of properties, and its objects as a cluster."""
    with TemporaryDirectory() as folder:
        path = Path(folder)
        (path / "a.yaml").write_text(manifests)
        (path / "b.kspec").write_text("\n".join(properties))
        found = load_workspace([str(path / "a.yaml"), str(path / "b.kspec")], library=library())
    assert found.ok, found.diagnostics
    table = library().types(found.table)
    known = objects_in(found, table)
    return found, cluster_of(known, table, defaulting_of(Inputs(found, library())))


def verdicts(
    manifests: str, formulas: list[str], options: Mapping[str, object] | None = None
) -> list[tuple[str, Verdict]]:
    """Each formula with its verdict; one without quantifiers is decided twice, by the evaluator and, beside
    an
    open number, by the solver.
    """
    made = []
    for n, formula in enumerate(formulas):
        if formula.startswith(("forall", "exists")):
            made.append(f'prove "{n}": {formula}')
        else:
            made.append(f'assert "{n}": {formula}')
            made.append(f'prove "{n} solved": forall n in 1..2: n > 0 && ({formula})')
    found, cluster = loaded(manifests, made)
    if options:
        cluster["options"] = {"network": dict(options)}
    return [
        (formulas[int(p.title.split()[0])], verify_property(p, cluster, setting())) for p in found.properties
    ]


def check(manifests: str, formulas: str, **options: object) -> None:
    """Every line holds; one that begins with `?` is unknown, one with `!` violated."""
    wanted: dict[str, type] = {}
    for line in filter(None, map(str.strip, formulas.splitlines())):
        kind = {"?": Unknown, "!": Violated}.get(line[0], Holds)
        wanted[line if kind is Holds else line[1:].strip()] = kind
    for formula, verdict in verdicts(manifests, list(wanted), options):
        assert isinstance(verdict, wanted[formula]), (formula, verdict)


def pod(name: str, labels: str = "", spec: str = "", status: str = "podIP: 10.1.0.9", ns: str = "n") -> str:
    """A pod; labels, spec and status as YAML flow without braces."""
    ports = "ports: [{name: http, containerPort: 80}, {name: dns, containerPort: 53, protocol: UDP}]"
    comma = "," if spec else ""
    return (
        f"---\n{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: '{ns}', "
        f"labels: {{{labels}}}}}, spec: {{containers: [{{name: c, image: i, {ports}}}]{comma} {spec}}}, "
        f"status: {{phase: Running, {status}}}}}\n"
    )


def policy(spec: str, name: str = "p", ns: str = "n") -> str:
    return (
        "---\n{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, "
        f"metadata: {{name: {name}, namespace: '{ns}'}}, spec: {{{spec}}}}}\n"
    )


def cluster_policy(name: str, spec: str) -> str:
    return (
        "---\n{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy, "
        f"metadata: {{name: {name}}}, spec: {{{spec}}}}}\n"
    )


def service(name: str, spec: str, ns: str = "n") -> str:
    return (
        f"---\n{{apiVersion: v1, kind: Service, metadata: {{name: {name}, namespace: '{ns}'}}, "
        f"spec: {{{spec}}}}}\n"
    )


def node(name: str, address: str, more: str = "") -> str:
    return (
        f"---\n{{apiVersion: v1, kind: Node, metadata: {{name: {name}, labels: {{disk: ssd}}}}, "
        f"spec: {{{more}}}, status: {{addresses: [{{type: InternalIP, address: {address}}}]}}}}\n"
    )
