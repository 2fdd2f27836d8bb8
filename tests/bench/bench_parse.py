"""How long it takes to parse and to format 10,000 lines of .kspec: half manifests, half rules.

Run: python tests/bench/bench_parse.py [repeats]. Prints the best CPU time of the repeats; every node has its place.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

LINES = 10_000

MANIFEST = """\
namespace team-{n} {{
  labels: {{ team: "checkout"  "app.kubernetes.io/part-of": "shop" }}

  // The front of shop {n}.
  Deployment web-{n} {{
    spec.replicas: {r}
    spec.selector.matchLabels: {{ app: "web"  shop: "s{n}" }}
    spec.strategy.rollingUpdate: {{ maxSurge: "25%"  maxUnavailable: 0 }}
    spec.template.metadata.labels: {{ app: "web"  tier: "front" }}
    spec.template.spec.containers[web]: {{
      image: "registry.example/shop/web:{n}.4"
      args: ["--port", "8080", "--verbose"]
      env: [{{ name: "MODE"  value: "production" }}, {{ name: "SHOP"  value: "s{n}" }}]
      resources.requests: {{ cpu: 250m  memory: 256Mi }}
      resources.limits: {{ cpu: 1  memory: 512Mi }}
      ports: [{{ name: "http"  containerPort: 8080 }}]
      readinessProbe: {{ httpGet: {{ path: "/healthz"  port: "http" }}  periodSeconds: 5 }}
    }}
  }}

  Service web-{n} {{
    spec.selector: {{ app: "web" }}
    spec.ports: [{{ name: "http"  port: 80  targetPort: "http" }}]
  }}

  NetworkPolicy web-{n} {{
    spec.podSelector.matchLabels: {{ app: "web" }}
    spec.ingress: [{{
      from: [{{ podSelector.matchLabels: {{ app: "gateway" }} }}]
      ports: [{{ port: 8080 }}]
    }}]
  }}
}}

"""

RULES = """\
/// Does this toleration tolerate this taint? The {n}th time.
function tolerates{n}(o: core.Toleration, t: core.Taint): bool {{
  source "k8s.io/component-helpers/scheduling/corev1 ToleratesTaint"
  let effectMatches = o.effect == "" || o.effect == t.effect
  let keyMatches = o.key == "" || o.key == t.key
  let valueMatches = o.operator == "Exists" || (o.operator in ["", "Equal"] && o.value == t.value)
  return effectMatches && keyMatches && valueMatches
}}

/// A node repels every pod that does not tolerate its taints.
filter TaintToleration{n}(pod: core.Pod, node: core.Node) {{
  source "pkg/scheduler/framework/plugins/tainttoleration Filter"
  let repelling = node.spec.taints.filter(t, t.effect in ["NoSchedule", "NoExecute"])
  require repelling.all(t, pod.spec.tolerations.exists(o, tolerates{n}(o, t)))
    else "node(s) had untolerated taint(s)" code "UnschedulableAndUnresolvable"
}}

/// Keeps the number of active pods at spec.replicas.
controller ReplicaSet{n}(self: apps.ReplicaSet)
  owns core.Pod as pods matching self.spec.selector
{{
  let active = pods.filter(p, isActive(p))
  let missing = self.spec.replicas - size(active)
  when missing > 0 && !has(self.metadata.deletionTimestamp) {{
    create core.Pod from self.spec.template times math.least(missing, 500) {{
      metadata.generateName: self.metadata.name + "-"
    }}
  }}
  status {{
    replicas: size(active)
    readyReplicas: size(active.filter(p, isReady(p)))
  }}
}}

"""


def sample(lines: int = LINES) -> str:
    """Manifests and rules, at least so many lines of them."""
    out: list[str] = []
    count = number = 0
    while count < lines:
        for template in (MANIFEST, RULES):
            text = template.format(n=number, r=number % 7)
            out.append(text)
            count += text.count("\n")
        number += 1
    return "".join(out)


def best(action: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        start = time.process_time()
        action()
        times.append(time.process_time() - start)
    return min(times)


def main(repeats: int) -> None:
    from kspec.source import SourceFile
    from kspec.syntax.format import format_module
    from kspec.syntax.parse import parse_module

    text = sample()
    lines = text.count("\n")
    module, problems = parse_module(SourceFile("<sample>", text))
    assert not problems, problems
    parse = best(lambda: parse_module(SourceFile("<sample>", text)), repeats)
    form = best(lambda: format_module(SourceFile("<sample>", text)), 1)
    size = len(text) / 1e6
    print(f"{lines:,} lines, {size:.2f} MB, {len(module.declarations):,} declarations")
    print(f"parse   {parse:6.3f} s  {lines / parse:9,.0f} lines/s")
    print(f"format  {form:6.3f} s  {lines / form:9,.0f} lines/s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
