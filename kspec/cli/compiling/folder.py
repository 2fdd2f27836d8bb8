"""Knows every file of a compiled folder. All are made in memory first: a mistake leaves nothing behind."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from pprint import pformat
from typing import TYPE_CHECKING, Any

from kspec.cli.compiling.candidates import candidates
from kspec.cli.compiling.functions import Compiled, module_text, names_of, rules_of
from kspec.cli.verifying import Verification
from kspec.report.document import to_json

if TYPE_CHECKING:
    from jinja2 import Environment, Template

    from kspec.ir import nodes as ir
    from kspec.ir.properties import Property, Quantifier
    from kspec.plan import Plan
    from kspec.report.results import Report
    from kspec.resources.load import Workspace


@dataclass(frozen=True, slots=True)
class Sources:
    """What a folder is made from."""

    paths: Sequence[str]
    folder: str
    workspace: Workspace
    plan: Plan
    nodes: Sequence[Mapping[str, Any]]
    verification: Verification
    report: Report | None


def files_of(sources: Sources) -> dict[str, str]:
    """Every file, by its path in the folder."""
    from kspec.plan import plan_to_json, render_text
    from kspec.resources.export import to_yaml

    workspace = sources.workspace
    objects = [o for o in workspace.objects if not (o.kind and o.kind.record == "core.Node")]
    made = {
        "README.md": _template("README.md.j2").render(
            inputs=" ".join(shlex.quote(p) for p in sources.paths), folder=shlex.quote(sources.folder)
        ),
        "plan.txt": render_text(sources.plan),
        "plan.json": to_json("plan", plan_to_json(sources.plan)) + "\n",
        "objects.yaml": to_yaml(objects, workspace.table),
        "nodes.yaml": to_yaml(sources.nodes, workspace.table),
    }
    rules, compiled = _compiled(sources)
    made["model.py"] = _model(workspace, rules, compiled)
    made["test_model.py"] = _tests(sources, compiled)
    for each in compiled:
        made |= _questions(sources, each)
    return made


def _compiled(sources: Sources) -> tuple[list[ir.Rule], list[Compiled]]:
    rules: list[ir.Rule] = []
    compiled: list[Compiled] = []
    if sources.report is None:
        return rules, compiled
    plain = [r for r in sources.report.results if not r.expected]
    properties = sources.workspace.properties
    for prop, name, result in zip(properties, names_of(properties), plain, strict=True):
        found = candidates(sources.verification, prop)
        own, each = rules_of(prop, name, result, found, sources.verification.setting.table)
        rules += own
        compiled.append(each)
    return rules, compiled


def _model(workspace: Workspace, rules: Sequence[ir.Rule], compiled: Sequence[Compiled]) -> str:
    body = module_text(workspace.rules, rules)
    properties = [{"title": pformat(c.prop.title), "name": c.name} for c in compiled]
    return _template("model.py.j2").render(
        body=body.rstrip(), kubernetes=repr(workspace.version), properties=properties
    )


def _questions(sources: Sources, compiled: Compiled) -> dict[str, str]:
    from kspec.solve.query import emit_smt2
    from kspec.verify.properties import queries_of

    queries = queries_of(compiled.prop, sources.verification.cluster, sources.verification.setting)
    numbered = len(queries) > 1
    return {
        f"smt/{compiled.name}{f'_{number}' if numbered else ''}.smt2": emit_smt2(query)
        for number, query in enumerate(queries, 1)
    }


# ---------------------------------------------------------------- tests


def _tests(sources: Sources, compiled: Sequence[Compiled]) -> str:
    totals = sources.plan.totals
    settles = not (totals.pending or totals.refused or sources.plan.problems)
    properties = [_test(sources, each) for each in compiled]
    return _template("test_model.py.j2").render(settles=settles, properties=properties)


def _test(sources: Sources, each: Compiled) -> dict[str, object]:
    verdict = each.result.verdict
    holds = verdict == "holds"
    said = {"holds": "kspec proved it", "violated": "kspec found what breaks it"}.get(
        verdict, f"kspec: {verdict}"
    )
    open_ = any(q.members is None for q in each.prop.quantifiers)
    draws = (
        [] if each.prop.some else [(repr(q.name), _strategy(sources, each, q)) for q in each.prop.quantifiers]
    )
    return {
        "name": each.name,
        "doc": _docstring(f"{each.prop.verb} {each.prop.title}: {said if open_ else f'kspec: {verdict}'}."),
        "skip": repr(each.result.reason) if verdict == "unsupported" else "",
        "witness": each.witness,
        "outcome": holds,
        "draws": draws,
    }


def _strategy(sources: Sources, each: Compiled, quantifier: Quantifier) -> str:
    """The text of a strategy that draws the variable."""
    if quantifier.domain:
        helper = each.helpers.get(quantifier.name)
        first = f", *model.{helper}()" if helper else ""
        return f"members(model.FOLDER, {quantifier.domain!r}{first})"
    if quantifier.members is not None:
        return f"st.sampled_from(model.{each.helpers[quantifier.name]}(model.cluster))"
    low, high = bounds(sources.verification, each.prop, quantifier)
    known = each.helpers.get(quantifier.name)
    return f"st.integers({low}, {high})" + (f" | st.sampled_from(model.{known}())" if known else "")


def bounds(verification: Verification, prop: Property, quantifier: Quantifier) -> tuple[object, object]:
    from kspec.ir.evaluate import evaluate

    env = {"cluster": verification.cluster}
    assert quantifier.low is not None and quantifier.high is not None
    rules = verification.setting.rules
    return evaluate(quantifier.low, env, rules), evaluate(quantifier.high, env, rules)


def _docstring(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"""', "'''").replace("\n", " ")


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = Path(__file__).parent.parent / "templates"
    return Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )


def _template(name: str) -> Template:
    return _environment().get_template(name)
