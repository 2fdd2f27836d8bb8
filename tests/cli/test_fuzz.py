"""Whatever is thrown at kspec, it answers with a result or a diagnostic; never a traceback, never a hang.

`python tests/bench/fuzz.py 20000` does the same with as many inputs as one likes.
"""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest
from support.fuzzing import Trial, attempt, commands, damaged

from kspec.cli import main

ROUNDS = 60


def assert_well(path: Path) -> list[Trial]:
    trials = [attempt(args) for args in commands(path)]
    for trial in trials:
        why = trial.why_not_well
        assert why is None, f"kspec {' '.join(trial.args)}\n{why}\n{path.read_bytes()[:2000]!r}"
    return trials


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".kspec", ".yaml"])
@pytest.mark.parametrize("seed", range(4))
def test_damaged_files(tmp_path: Path, suffix: str, seed: int) -> None:
    random = Random(f"{suffix} {seed}")
    for number in range(ROUNDS):
        path = tmp_path / f"input{number}{suffix}"
        path.write_bytes(damaged(random, suffix))
        assert_well(path)


LAUGHS = "a0: &a0 [lol]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"

YAML = {
    "empty": "",
    "only a comment": "# nothing\n",
    "only separators": "---\n---\n...\n---\n",
    "billion laughs": LAUGHS,
    "an alias of itself": "a: &a [*a]\n",
    "merge keys of themselves": "a: &a\n  <<: *a\n",
    "deep lists": "[" * 50_000,
    "deep maps": "{a: " * 20_000,
    "deep dashes": "- " * 20_000 + "x",
    "deep indentation": "".join(" " * n + "a:\n" for n in range(1_500)),
    "deep spec": POD + "spec: " + "{a: " * 200 + "1" + "}" * 200,
    "huge numbers": POD + f"spec: {{terminationGracePeriodSeconds: {'9' * 5_000}}}\n",
    "huge exponent": POD + "spec: {priority: 1e999999999}\n",
    "huge quantity": POD
    + "spec: {containers: [{name: c, image: i, resources: {requests: {cpu: '1e999999999'}}}]}\n",
    "a long line": "a: " + "x" * 1_000_000,
    "a long key": "x" * 200_000 + ": 1\n",
    "many documents": "---\n" * 20_000,
    "a scalar": "hello\n",
    "a list": "[1, 2]\n",
    "numbers as names": "apiVersion: v1\nkind: Pod\nmetadata: {name: 012, namespace: 1e3}\n",
    "a kind that is a list": "apiVersion: v1\nkind: [Pod]\nmetadata: {name: p}\n",
    "lists in lists": "apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: List, items: [1, {}]}]\n",
    "tags": "a: !!python/object/apply:os.system [true]\n",
    "tabs": "a:\n\t- b\n",
    "a duplicate": "a: 1\na: 2\n",
    "escape sequences": 'a: "\x1b[2J\\x1b"\n',
    "json, cut off": '{"apiVersion": "v1", "kind": ',
    "deep json": '{"a":' * 50_000 + "1" + "}" * 50_000,
    "a million replicas": (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {replicas: 2147483647, "
        "selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, "
        "spec: {containers: [{name: c, image: i}]}}}\n"
    ),
}
KSPEC = {
    "empty": "",
    "deep parentheses": 'assert "a": ' + "(" * 20_000 + "1" + ")" * 20_000,
    "deep brackets": 'assert "a": ' + "[" * 20_000,
    "deep braces": "Pod a " + "{ a " * 20_000,
    "deep negations": 'assert "a": ' + "!" * 50_000 + "true",
    "deep minus": 'assert "a": ' + "- " * 50_000 + "1 == 1",
    "long chains": 'assert "a": ' + " && ".join(["true"] * 20_000),
    "long sums": 'assert "a": ' + "1 + " * 20_000 + "1 == 1",
    "long selections": 'assert "a": cluster' + ".a" * 20_000,
    "long conditionals": 'assert "a": ' + "true ? true : " * 5_000 + "true",
    "deep loops": 'assert "a": ' + "[1, 2, 3].all(x, " * 60 + "true" + ")" * 60,
    "exploding loops": 'assert "a": '
    + "".join(f"lists.range(100).all(x{n}, " for n in range(8))
    + "true"
    + ")" * 8,
    "huge numbers": f"param a: int = {'9' * 5_000}\n",
    "huge range": 'prove "a": forall p in 0..9223372036854775807: p >= 0\n',
    "huge quantity": "param a: quantity = 1e999999999\n",
    "a million nodes": "cluster c { pool p { nodes: 999999999  cpu: 1  memory: 1Gi  pods: 1 } }\n",
    "negative nodes": "cluster c { pool p { nodes: -1  cpu: 1  memory: 1Gi } }\n",
    "an import of itself": 'import kspec "*.kspec"\n',
    "an import of what is around it": 'import yaml "../**/*.json"\n',
    "an open string": 'prove "a',
    "an open triple string": 'assert """a',
    "many mistakes": "?? " * 20_000,
    "templates of themselves": "template a() { use a() }\nnamespace n { use a() }\n",
    "functions of themselves": 'function f(x: int): int { return f(x) }\nassert "a": f(1) == 1\n',
    "escapes": 'assert "\\q\\u12": "\\xzz" == "a"\n',
    "bad patterns": 'assert "a": "a".matches("(((((a*)*)*)*)*[")\n',
    "slow patterns": 'assert "a": "' + "a" * 5_000 + '".matches("(a*)*b")\n',
    "a long name": "Pod " + "a" * 200_000 + " {}\n",
    "a long comment": "//" + "x" * 500_000,
}
BYTES = {
    "binary": bytes(range(256)) * 20,
    "nul": b"a: \0\n",
    "latin-1": "a: café\n".encode("latin-1"),
    "utf-16": "a: 1\n".encode("utf-16"),
    "utf-16 cut off": "a: 1\n".encode("utf-16")[:-1],
    "utf-32": "a: 1\n".encode("utf-32"),
    "half a character": "a: é".encode()[:-1],
    "a surrogate": b"a: \xed\xa0\x80\n",
    "only a mark": b"\xef\xbb\xbf",
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(64),
    "gzip": b"\x1f\x8b\x08\0" + bytes(16),
}


@pytest.mark.parametrize("what", sorted(YAML))
def test_strange_yaml(tmp_path: Path, what: str) -> None:
    path = tmp_path / "input.yaml"
    path.write_text(YAML[what], newline="")
    assert_well(path)


@pytest.mark.parametrize("what", sorted(KSPEC))
def test_strange_kspec(tmp_path: Path, what: str) -> None:
    path = tmp_path / "input.kspec"
    path.write_text(KSPEC[what], newline="")
    trials = assert_well(path)
    why = attempt(("verify", str(path), "--timeout", "2s")).why_not_well
    assert why is None, f"{why}\n{trials}"


@pytest.mark.parametrize("suffix", [".kspec", ".yaml", ".json"])
@pytest.mark.parametrize("what", sorted(BYTES))
def test_strange_bytes(tmp_path: Path, suffix: str, what: str) -> None:
    path = tmp_path / f"input{suffix}"
    path.write_bytes(BYTES[what])
    assert_well(path)


class TestFileSystem:
    """What is not a plain file."""

    def plan(self, path: Path) -> Trial:
        trial = attempt(("plan", str(path)))
        assert trial.why_not_well is None, trial.why_not_well
        return trial

    def test_a_folder_that_contains_itself(self, tmp_path: Path) -> None:
        (tmp_path / "pod.yaml").write_text(POD + "spec: {containers: [{name: c, image: i}]}\n")
        (tmp_path / "again").symlink_to(tmp_path)
        assert self.plan(tmp_path).code == 0

    def test_a_link_to_itself(self, tmp_path: Path) -> None:
        (tmp_path / "a.yaml").symlink_to(tmp_path / "a.yaml")
        assert self.plan(tmp_path / "a.yaml").code == 2

    def test_a_link_to_nothing(self, tmp_path: Path) -> None:
        (tmp_path / "a.yaml").symlink_to(tmp_path / "nothing")
        assert self.plan(tmp_path / "a.yaml").code == 2

    def test_a_pipe_in_a_folder_is_passed_over(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "a.yaml")
        assert self.plan(tmp_path).code == 2

    def test_an_empty_folder(self, tmp_path: Path) -> None:
        assert self.plan(tmp_path).code == 2

    def test_a_folder_that_looks_like_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "a.yaml").mkdir()
        assert self.plan(tmp_path / "a.yaml").code == 2

    def test_a_file_without_suffix(self, tmp_path: Path) -> None:
        (tmp_path / "input").write_text(POD + "spec: {containers: [{name: c, image: i}]}\n")
        self.plan(tmp_path / "input")

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
    def test_a_file_that_may_not_be_read(self, tmp_path: Path) -> None:
        path = tmp_path / "a.yaml"
        path.write_text(POD)
        path.chmod(0)
        assert self.plan(path).code == 2

    def test_a_name_that_no_file_can_have(self) -> None:
        assert self.plan(Path("x" * 5_000)).code == 2


def test_a_traceback_would_be_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(name: str) -> str:
        raise ValueError("broken")

    monkeypatch.setattr(main, "module_of", break_down)
    assert attempt(("plan", str(tmp_path))).why_not_well is not None


def test_a_hang_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(name: str) -> str:
        while True:
            pass

    monkeypatch.setattr(main, "module_of", hang)
    assert attempt(("plan", "x"), seconds=0.2).why_not_well is not None
