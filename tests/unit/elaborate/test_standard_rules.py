"""The project's own rules: no mistakes, well typed, callees first."""

from __future__ import annotations

from support.rules import shown, standard, standard_modules, table

from kspec.elaborate.modules import elaborate_rules
from kspec.ir.check import check_program
from kspec.ir.evaluate import evaluate_rule
from kspec.ir.nodes import Rule
from kspec.runtime.values import Quantity


def test_no_mistakes() -> None:
    assert shown(standard().diagnostics) == ""
    assert len(standard().program.rules) > 100


def test_every_rule_of_the_files_is_in_the_program() -> None:
    declared = sum(
        type(node).__name__ == "Rule" for _, module in standard_modules() for node in module.declarations
    )
    assert len(standard().program.rules) == declared


def test_well_typed_and_callees_first() -> None:
    assert check_program(standard().program, standard().types) == []


def test_ids_say_folder_and_name() -> None:
    def fits(rule: Rule) -> bool:
        folder = rule.path.rpartition("/")[0]
        return rule.id.partition("#")[0] == f"{folder}/{rule.name}"

    assert [r.id for r in standard().program.rules if not fits(r)] == []


def test_a_second_run_yields_the_same() -> None:
    again = elaborate_rules(standard_modules(), table())
    assert again.program == standard().program


def test_a_limit_is_a_request_where_there_is_none() -> None:
    (rule,) = (r for r in standard().program.rules if (r.kind, r.name) == ("default", "Pod"))
    resources = {"requests": {"cpu": Quantity(1)}, "limits": {"cpu": Quantity(2), "memory": Quantity(3)}}
    pod = {"spec": {"containers": [{"name": "a", "resources": resources}, {"name": "b"}]}}
    made = evaluate_rule(rule, (pod,), standard().program.by_id())
    a, b = made["spec"]["containers"]  # type: ignore[index, call-overload]
    assert a["resources"]["requests"] == {"cpu": Quantity(1), "memory": Quantity(3)}
    assert b == {"name": "b"}
