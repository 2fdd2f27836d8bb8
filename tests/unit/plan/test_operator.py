"""An operator of a user's own, a kind and its controller, takes part in a plan like the built-in ones."""

from pathlib import Path

from support.standard import rules, table

from kspec.backends.python.memory import extend
from kspec.model.rules import RuleSet
from kspec.model.standard import standard_rules
from kspec.plan import Plan, Rules, make_plan
from kspec.resources.load import load_workspace
from kspec.runtime.rulebook import load_rulebook

OPERATOR = """
type CacheSpec { size: int  image: string }
type CacheStatus { ready: int }
type Cache {
  apiVersion: string  kind: string
  metadata: meta.ObjectMeta  spec: CacheSpec  status: CacheStatus
}
resource Cache { group: "farm.example"  version: "v1"  scope: "Namespaced" }

controller Caches(self: Cache)
  owns apps.Deployment as made
{
  when size(made) == 0 {
    create apps.Deployment {
      metadata.name: self.metadata.name
      spec.replicas: self.spec.size
      spec.selector.matchLabels: { cache: self.metadata.name }
      spec.template.metadata.labels: { cache: self.metadata.name }
      spec.template.spec.containers: [{ name: "cache"  image: self.spec.image }]
    }
  }
  each d in made.filter(d, d.spec.replicas != self.spec.size) {
    update d { spec.replicas: self.spec.size }
  }
  status { ready: made.fold(d, n, 0, n + d.status.readyReplicas) }
}

validate CacheSize(self: Cache) {
  require self.spec.size > 0 at spec.size else "a cache needs members" code "Invalid"
}

namespace shop { Cache sessions { spec: { size: SIZE  image: "redis:8" } } }
"""


def plan_of_cache(tmp_path: Path, size: int, before: int | None = None) -> Plan:
    def load(number: int, name: str):  # type: ignore[no-untyped-def]
        file = tmp_path / f"{name}.kspec"
        file.write_text(OPERATOR.replace("SIZE", str(number)))
        found = load_workspace([str(file)])
        assert found.ok, found.diagnostics
        return found

    workspace = load(size, "now")
    book = extend(load_rulebook(), workspace.rules)
    own: RuleSet = standard_rules(book, table())
    old = load(before, "before") if before is not None else None
    return make_plan(workspace, Rules(own, rules().profile, "1.36"), old)


def test_its_objects_become_pods(tmp_path: Path) -> None:
    plan = plan_of_cache(tmp_path, 3)
    assert plan.totals.running == 3
    assert {str(p.workload) for p in plan.pods} == {"Cache shop/sessions"}
    assert plan.workloads[0].owned[0].owned[0].object.kind == "ReplicaSet"


def test_its_controller_follows_a_change(tmp_path: Path) -> None:
    plan = plan_of_cache(tmp_path, 4, before=2)
    assert [(f.path, f.old, f.new) for c in plan.changes for f in c.fields] == [("spec.size", 2, 4)]
    assert sorted(p.fate for p in plan.pods) == ["kept", "kept", "new", "new"]


def test_its_validation_refuses(tmp_path: Path) -> None:
    plan = plan_of_cache(tmp_path, 0)
    refusals = {str(c.object): c.refusal for c in plan.changes if c.refusal}
    assert refusals == {"Cache shop/sessions": "Invalid: spec.size: Invalid: a cache needs members"}
