"""What sources are lowered to, and what is said of mistakes.

`rules/` and `user/` hold sources with their `.out` beside them, `fail/` sources with the mistakes in
`.expect`. A source in `fail/` whose first line is `// rules` is a file of rules, any other one a user's own.
`pytest --update` writes them anew.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Golden
from support.rules import rules_of, shown, user_of

from kspec.elaborate.user import User
from kspec.ir.print import show_expr, show_rule
from kspec.ir.properties import Property, Quantifier
from kspec.ir.types import show

HERE = Path(__file__).parent


def sources(folder: str) -> list[Path]:
    found = sorted((HERE / folder).glob("*.kspec"))
    assert found, f"no sources in {folder}"
    return found


@pytest.mark.parametrize("source", sources("rules"), ids=lambda p: p.stem)
def test_rules(source: Path, golden: Golden) -> None:
    made = rules_of(source.read_text(encoding="utf-8"))
    assert not made.diagnostics, shown(made.diagnostics)
    rules = [r for r in made.program.rules if r.path == "golden/test"]
    text = "\n\n".join(f"// {r.id}: {show(r.result)}\n{show_rule(r)}" for r in rules)
    golden.check(source.with_suffix(".out"), text + "\n")


@pytest.mark.parametrize("source", sources("user"), ids=lambda p: p.stem)
def test_user(source: Path, golden: Golden) -> None:
    made = user_of(source.read_text(encoding="utf-8"))
    assert not made.diagnostics, shown(made.diagnostics)
    golden.check(source.with_suffix(".out"), "\n".join(describe(made)) + "\n")


@pytest.mark.parametrize("source", sources("fail"), ids=lambda p: p.stem)
def test_mistakes(source: Path, golden: Golden) -> None:
    text = source.read_text(encoding="utf-8")
    made = rules_of(text) if text.startswith("// rules\n") else user_of(text)
    assert made.diagnostics, "no mistake was found"
    golden.check(source.with_suffix(".expect"), shown(made.diagnostics))


def describe(user: User) -> list[str]:
    lines = [f"param {name} = {value!r}" for name, value in user.params.items()]
    for manifest in user.objects:
        implied = " (implied)" if manifest.implied else ""
        lines.append(json.dumps(manifest.value, ensure_ascii=False) + implied)
    for cluster in user.clusters:
        lines.append(f"cluster {cluster.name} {cluster.fields}")
        lines += [f"  pool {p.name} nodes={p.nodes} {p.fields}" for p in cluster.pools]
    for property_ in user.properties:
        lines += describe_property(property_)
    return lines


def describe_property(made: Property) -> list[str]:
    ranges = ", ".join(describe_quantifier(q) for q in made.quantifiers)
    lines = [f'{made.verb} "{made.title}" {"for some" if made.some else "for all"} {ranges or "-"}']
    lines += [f"  given {show_expr(made.given)}"] if made.given is not None else []
    within = f" within {show_expr(made.within)}" if made.within is not None else ""
    lines.append(f"  {made.temporal + within + ' ' if made.temporal else ''}{show_expr(made.holds)}")
    lines += [f"  {c.verdict}: {json.dumps(c.objects)}" for c in made.expects]
    return lines


def describe_quantifier(q: Quantifier) -> str:
    if q.low is not None and q.high is not None:
        return f"{q.name} in {show_expr(q.low)}..{show_expr(q.high)}"
    members = show_expr(q.members) if q.members is not None else q.domain
    return f"{q.name}: {show(q.type)} in {members}"
