"""Whatever bytes a file holds: documents, objects or mistakes with places, in time, never an exception."""

from __future__ import annotations

import time
from pathlib import Path
from random import Random

import pytest

from kspec.data import root
from kspec.resources.load import load_workspace
from kspec.resources.objects import ObjectReader
from kspec.resources.text import decode_text
from kspec.resources.types import load_types
from kspec.resources.yaml import load_yaml

CORPUS = root().parent / "shared" / "corpus"
PIECES = [
    b"&a ", b"*a", b"<<: *a\n", b"? ", b": ", b"- ", b"[", b"]", b"{", b"}", b"\t", b"\n", b"---\n", b"...\n",
    b'"', b"'", b"|\n", b">-\n", b"!!int ", b"!!binary ", b"! ", b"%", b"\\u",
    b"\xef\xbb\xbf", b"null", b"~", b".nan", b"1e999", b"0x", b"9" * 400, b"metadata", b"spec:", b"kind: ",
    b"apiVersion: ", b"\xe2\x80\xa8", b"\r",
    b"[" * 300, b"{a: " * 150, b"- " * 300, b"kind: List\nitems:\n", b"name: n\n", b"\x85", b"#",
]  # fmt: skip


def seeds() -> list[bytes]:
    head = b"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"
    sample = [head + b"spec: {nodeName: 'n'}\n", head + b"spec:\n  containers:\n  - name: c\n    image: i\n"]
    if not CORPUS.is_dir():
        return sample
    return sample + [p.read_bytes() for p in sorted(CORPUS.rglob("*.yaml")) if p.stat().st_size < 20_000]


def damaged(random: Random, sources: list[bytes]) -> bytes:
    data = random.choice(sources)
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(data) + 1)
        match random.randrange(4):
            case 0:
                data = data[:at] + random.choice(PIECES) + data[at:]
            case 1:
                data = data[:at] + data[at + random.randrange(40) :]
            case 2:
                byte = random.randrange(256) if random.random() < 0.05 else random.randrange(32, 127)
                data = data[:at] + bytes([byte]) + data[at + 1 :]
            case _:
                other = random.choice(sources)
                cut = random.randrange(len(other) + 1)
                data = data[:at] + other[cut : cut + random.randrange(200)] + data[at:]
    return data


def check(data: bytes, name: str, reader: ObjectReader) -> None:
    file, mistakes = decode_text(name, data)
    documents, more = load_yaml(file)
    mistakes += more
    for document in documents:
        made, found = reader.read(document.value, document)
        mistakes += found
        if made is not None:
            assert 0 <= made.span.start <= made.span.end <= len(file.text)
    for mistake in mistakes:
        assert mistake.message and mistake.code.startswith("KS2")
        assert mistake.span is not None and 0 <= mistake.span.start <= mistake.span.end
        assert str(mistake.span).startswith(name)


@pytest.mark.parametrize("number", [400, pytest.param(5_000, marks=pytest.mark.slow)])
def test_damaged_files(number: int) -> None:
    random, sources, reader = Random(number), seeds(), ObjectReader(load_types())
    for turn in range(number):
        data = damaged(random, sources)
        start = time.process_time()
        check(data, "t.json" if turn % 9 == 0 else "t.yaml", reader)
        assert time.process_time() - start < 2, data[:200]


def test_damaged_files_through_the_front_door(tmp_path: Path) -> None:
    random, sources = Random(7), seeds()
    for turn in range(40):
        (tmp_path / f"{turn}.yaml").write_bytes(damaged(random, sources))
    loaded = load_workspace([str(tmp_path)])
    assert loaded.diagnostics and len(loaded.files) == 40
