"""Plans: what a change of manifests would do to a cluster, object by object and pod by pod."""

from kspec.plan.build import Rules, make_plan
from kspec.plan.cluster import Declared, Pool
from kspec.plan.document import plan_to_json
from kspec.plan.text import render_text
from kspec.plan.value import FieldChange, NodeRow, ObjectChange, Plan, PodRow, Ref, Totals, Verb, Workload

__all__ = [
    "Declared",
    "FieldChange",
    "NodeRow",
    "ObjectChange",
    "Plan",
    "PodRow",
    "Pool",
    "Ref",
    "Rules",
    "Totals",
    "Verb",
    "Workload",
    "make_plan",
    "plan_to_json",
    "render_text",
]
