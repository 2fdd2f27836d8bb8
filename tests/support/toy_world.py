"""A farm: a world with rules written by hand, of kinds that Kubernetes does not have.

A Farm keeps `spec.hens` Hens, a Hen wants a Barn. Hens and barns go by the names that the scheduler knows.
"""

from __future__ import annotations

from typing import Any

from kspec.ir.types import Kind, TypeTable
from kspec.model.chooser import Chooser
from kspec.model.profile import FilterPlugin, Profile, ScorePlugin
from kspec.model.rules import Listed, RuleSet
from kspec.model.world import Options, World
from kspec.runtime.rulebook import Clause, CompiledRule, Function, Param
from kspec.runtime.values import Duration

FARM, HEN, BARN = "toy.Farm", "core.Pod", "core.Node"

TABLE = TypeTable(
    {},
    (
        Kind("toy", "v1", "Farm", FARM, "farms", True),
        Kind("", "v1", "Pod", HEN, "pods", True),
        Kind("", "v1", "Node", BARN, "nodes", False),
        Kind("toy", "v1", "Note", "toy.Note", "notes", True),
    ),
)


def rule(kind: str, id_: str, params: str, fn: Function, *clauses: Clause, **reads: Any) -> CompiledRule:
    """`params` as "self: toy.Farm, now: timestamp"."""
    pairs = [tuple(p.strip().split(": ")) for p in params.split(",") if p]
    typed = tuple(Param(n, t) for n, t in pairs)
    return CompiledRule(id_, kind, id_.rpartition("/")[2], typed, fn, clauses=clauses, reads=reads)


def write(action: str, **fields: Any) -> dict[str, Any]:
    return {"action": action, "type": "", **fields}


def is_up(hen: dict[str, Any]) -> bool:
    return "deletionTimestamp" not in hen["metadata"]


def keep_hens(self: dict[str, Any], hens: list[dict[str, Any]], now: object) -> list[dict[str, Any]]:
    """As many hens as wanted: makes the missing, deletes the last of too many."""
    up = [h for h in hens if is_up(h)]
    missing = self["spec"]["hens"] - len(up)
    writes = []
    if missing > 0 and is_up(self):
        hen = {
            "metadata": {
                "generateName": self["metadata"]["name"] + "-",
                "labels": {"farm": self["metadata"]["name"]},
            },
            "spec": {"eats": self["spec"].get("eats", 1)},
        }
        writes.append(write("create", type=HEN, object=hen, times=missing))
    if missing < 0 and is_up(self):
        writes.append(write("delete", type=HEN, target=up[missing:]))
    laying = [h for h in up if h.get("status", {}).get("lays")]
    writes.append(write("status", object={"hens": len(up), "laying": len(laying)}))
    return writes


def lay(self: dict[str, Any], now: object) -> list[dict[str, Any]]:
    """A hen in a barn lays; one that should go, goes."""
    if not is_up(self):
        return [write("update", object={"metadata": {"deletionGracePeriodSeconds": 0}})]
    if self["spec"].get("nodeName"):
        return [write("status", object={"lays": True})]
    return []


def fits(
    pod: dict[str, Any], node: dict[str, Any], placed: tuple[dict[str, Any], ...]
) -> list[dict[str, Any]]:
    eaten = sum(p["spec"].get("eats", 1) for p in placed)
    if pod["spec"].get("eats", 1) + eaten <= node["status"]["corn"]:
        return []
    return [{"code": "Unschedulable", "reason": "not enough corn"}]


def open_to(pod: dict[str, Any], node: dict[str, Any]) -> list[dict[str, Any]]:
    if not node["spec"].get("closed"):
        return []
    return [{"code": "UnschedulableAndUnresolvable", "reason": "closed"}]


def free_corn(pod: dict[str, Any], node: dict[str, Any], placed: tuple[dict[str, Any], ...]) -> int:
    return int(node["status"]["corn"]) - sum(p["spec"].get("eats", 1) for p in placed)


def farm_selector(self: dict[str, Any]) -> dict[str, Any]:
    return {"matchLabels": {"farm": self["metadata"]["name"]}}


def selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    return all(labels.get(k) == v for k, v in selector.get("matchLabels", {}).items())


def why(total: int, reasons: dict[str, int]) -> str:
    return f"0/{total}: " + ", ".join(f"{n} {r}" for r, n in sorted(reasons.items()))


FUNCTIONS = (
    rule("function", "types/selects", "s: meta.LabelSelector, labels: dyn", selects),
    rule(
        "function",
        "scheduling/awaitsNode",
        "p: core.Pod",
        lambda p: is_up(p) and not p["spec"].get("nodeName"),
    ),
    rule("function", "scheduling/schedulerOf", "p: core.Pod", lambda p: "default-scheduler"),
    rule("function", "scheduling/holdsNode", "p: core.Pod", lambda p: bool(p["spec"].get("nodeName"))),
    rule("function", "scheduling/queueRank", "p: core.Pod", lambda p: [-p["spec"].get("rank", 0)]),
    rule("function", "scheduling/failureMessage", "n: int, reasons: dyn", why),
    rule(
        "function",
        "scheduling/unschedulableStatus",
        "p: core.Pod, m: string, now: timestamp",
        lambda p, m, now: {"why": m},
    ),
    rule("function", "deletionGrace", "p: core.Pod", lambda p: 30 if p["spec"].get("nodeName") else 0),
)

FARMING = (
    rule(
        "controller",
        "Farmer",
        "self: toy.Farm, hens: list, now: timestamp",
        keep_hens,
        Clause("owns", "hens", HEN, lambda self, hens, now: farm_selector(self)),
    ),
    rule("controller", "Instinct", "self: core.Pod, now: timestamp", lay),
)

PLACING = (
    rule("filter", "Open", "pod: core.Pod, node: core.Node", open_to),
    rule("filter", "Corn", "pod: core.Pod, node: core.Node, placed: list", fits),
    rule("score", "FreeCorn", "pod: core.Pod, node: core.Node, placed: list", free_corn),
)

RULES = RuleSet(Listed((*FUNCTIONS, *FARMING, *PLACING)), {"pods": HEN, "nodes": BARN})
PROFILE = Profile("toy", (FilterPlugin("Open"), FilterPlugin("Corn")), (ScorePlugin("FreeCorn", 1, "none"),))


def farm(name: str, hens: int, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "land"}, "spec": {"hens": hens, **spec}}


def barn(name: str, corn: int, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": spec, "status": {"corn": corn}}


def toy_world(
    chooser: Chooser | None = None,
    options: Options | None = None,
    rules: RuleSet = RULES,
    barns: int = 2,
    profile: Profile | None = PROFILE,
) -> World:
    """A world with barns of ten corns each; without a profile, one where nobody places hens."""
    world = World(rules, TABLE, profile, chooser, options)
    for number in range(barns):
        world.store.restore(BARN, world.api.kinds.identified(BARN, barn(f"barn-{number}", 10)))
    return world


def hens(world: World) -> list[dict[str, Any]]:
    return world.store.objects(HEN)


def settled(world: World) -> str | None:
    """What is wrong with a farm that has come to rest, or None."""
    for one in world.store.objects(FARM):
        owned = [
            h
            for h in hens(world)
            if h["metadata"].get("ownerReferences", [{}])[0].get("name") == one["metadata"]["name"]
        ]
        if len(owned) != one["spec"]["hens"]:
            return f"{one['metadata']['name']} has {len(owned)} hens, not {one['spec']['hens']}"
        if one.get("status", {}).get("laying") != len(owned):
            return f"{one['metadata']['name']} counts {one.get('status')}"
    return None


SECOND = Duration(1_000_000_000)
