"""How long proofs about placement take on 100 nodes with 1,000 pods of five kinds, at several loads.

Run: PYTHONPATH=. python tests/bench/bench_placement.py [nodes pods]. Times are CPU seconds; making the pods,
which a model of the controllers does, is a row of its own.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from time import process_time

from kspec.cli.inputs import ClusterOptions, load
from kspec.cli.placement import placing
from kspec.cli.session import Session
from kspec.verify.placement.answer import Answer
from kspec.verify.placement.ask import ask_loss_of_domain, ask_loss_of_nodes
from kspec.verify.placement.never import ask_never, parsed
from kspec.verify.placement.possible import possible
from kspec.verify.placement.source import Source

ZONE = "topology.kubernetes.io/zone"
SHAPES = ((1, 2), (2, 1), (3, 6), (5, 8), (7, 20))
"""Parts of CPU and of memory that the five kinds of pods ask for."""
TIMEOUT = 600.0


def manifests(nodes: int, pods: int, load_: float) -> str:
    """A cluster of two pools whose CPU is asked for in this part, one kind of pods spread over its zones."""
    small = nodes * 8 // 10
    cpu = small * 16 + (nodes - small) * 64
    unit = cpu * load_ / pods * len(SHAPES) / sum(c for c, _ in SHAPES)
    pools = (
        f'pool worker {{ nodes: {small} zones: ["a", "b", "c"] cpu: 16 memory: 64Gi }} '
        f'pool big {{ nodes: {nodes - small} zones: ["a", "b", "c"] cpu: 64 memory: 256Gi }}'
    )
    spread = (
        f'spec.template.spec.topologySpreadConstraints: [{{ maxSkew: 1 topologyKey: "{ZONE}" '
        'whenUnsatisfiable: "DoNotSchedule" labelSelector: { matchLabels: { app: "w0" } } }]'
    )
    made = []
    for i, (c, m) in enumerate(SHAPES):
        app = f'{{ app: "w{i}" }}'
        made.append(
            f"Deployment w{i} {{ spec.replicas: {pods // len(SHAPES)} spec.selector.matchLabels: {app} "
            f"spec.template.metadata.labels: {app} "
            f'spec.template.spec.containers[c]: {{ image: "x:1" '
            f"resources.requests: {{ cpu: {int(c * unit * 1000)}m memory: {m * 100}Mi }} }} "
            f"{spread if i == 0 else ''} }}"
        )
    return f"cluster c {{ {pools} }}\nnamespace shop {{ {' '.join(made)} }}\n"


def main(nodes: int = 100, pods: int = 1_000) -> None:
    print(f"{nodes} nodes, {pods} pods of {len(SHAPES)} kinds; CPU seconds")
    for load_ in (0.5, 0.8, 0.95, 0.98, 1.01):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "c.kspec"
            path.write_text(manifests(nodes, pods, load_))
            inputs = load(Session(), [str(path)], ClusterOptions())
        start = process_time()
        source = placing(inputs, None, TIMEOUT).source
        print(f"  {load_:4.0%} of the CPU asked for: pods made in {process_time() - start:.1f}")
        measure(source, load_)


def measure(source: Source, load_: float) -> None:
    object.__setattr__(source, "pending", lambda lost: None)  # the proof alone
    start = process_time()
    found = possible(source.whole, source.judges(), TIMEOUT)
    print(f"        possible: {type(found).__name__} in {process_time() - start:.1f}")
    if load_ == 0.5:
        for name, ask in {
            "lose any node": lambda: ask_loss_of_nodes(source, 1, TIMEOUT),
            "lose any zone": lambda: ask_loss_of_domain(source, ZONE, TIMEOUT),
            "never pending": lambda: ask_never(source, parsed("pending=w3", source), TIMEOUT),
            "never skewed": lambda: ask_never(source, parsed(f"skew=w0,{ZONE},1", source), TIMEOUT),
        }.items():
            start = process_time()
            answer: Answer = ask()
            print(f"        {name}: {answer.verdict} in {process_time() - start:.1f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
