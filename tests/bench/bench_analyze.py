"""Measures `kspec analyze --only network` at many policies: `python tests/bench/bench_analyze.py
[namespaces]`.

CPU seconds in one process, reading the manifests included; ten policies and ten workloads in a namespace. In
the first input everything is needed; in the second each tenth namespace has a policy twice.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from time import process_time

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "bench")]

from policies import manifests

from kspec.cli.analyzing.network import analyze
from kspec.cli.inputs import ClusterOptions, load
from kspec.cli.session import Session


def doubled(text: str, every: int = 10) -> str:
    """The manifests with one policy of every so many namespaces twice, under two names."""
    parts: list[str] = []
    for part in text.split("---\n"):
        parts.append(part)
        number = part.partition("namespace: ns")[2].partition("}")[0]
        if "name: p1," in part and int(number) % every == 0:
            parts.append(part.replace("name: p1,", "name: again,"))
    return "---\n".join(parts)


def main(namespaces: int) -> None:
    plain = manifests(namespaces)
    for title, text in (("all are needed", plain), ("some are there twice", doubled(plain))):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "k8s.yaml")
            path.write_text(text)
            began = process_time()
            inputs = load(Session(), [str(path)], ClusterOptions())
            read = process_time() - began
            section = analyze(Session(), inputs, 60.0)
            total = process_time() - began
        codes = sorted({finding.code for finding in section.findings})
        count = section.examined["policies"]
        print(f"{count:6,} policies, {title}: {total:.2f} s, of them {read:.2f} s to read")
        print(f"       {len(section.findings)} findings: {', '.join(codes)}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
