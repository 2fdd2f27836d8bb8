"""`kspec verify`, as a user meets it: verdicts, witnesses, exit codes, SMT-LIB."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import ROOT, Ran
from support.schemas import assert_valid

Kspec = Callable[..., Ran]

DATABASE = """
namespace shop {
  Deployment db {
    spec.selector.matchLabels: { app: "db" }
    spec.template.metadata.labels: { app: "db" }
    spec.template.spec.containers[db]: { image: "postgres:17" }
  }
}
prove "the database is closed":
  forall p in pods, port in 1..65535: !reaches(p, deployment/shop/db, port)
"""
CLOSED = """
namespace shop {
  NetworkPolicy closed { spec: { podSelector: {}  policyTypes: ["Ingress"] } }
}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "db.kspec").write_text(DATABASE)
    (tmp_path / "closed.kspec").write_text(CLOSED)
    return tmp_path


def test_a_proof_names_what_it_assumes_and_ends_with_a_summary(kspec: Kspec, folder: Path) -> None:
    ran = kspec("verify", folder / "db.kspec", folder / "closed.kspec")
    assert ran.code == 0, ran.out + ran.err
    assert ran.out.startswith('holds        prove "the database is closed"')
    assert "Assumed" in ran.out and "of the network plug-in: pods meet with their own addresses" in ran.out
    assert ran.out.splitlines()[-1].startswith("1 hold in ")


def test_a_violation_shows_a_witness_as_manifests(kspec: Kspec, folder: Path) -> None:
    ran = kspec("verify", folder / "db.kspec")
    assert ran.code == 1
    assert f'VIOLATED     prove "the database is closed"\n  --> {folder / "db.kspec"}:9:1' in ran.out
    assert "port = 1\n" in ran.out
    assert "    kind: Pod\n" in ran.out


def test_a_witness_alone_can_be_applied(kspec: Kspec, folder: Path) -> None:
    """The witness is YAML, and a plan of it together with the input finds nothing wrong with it."""
    ran = kspec("verify", folder / "db.kspec", "--witness", "yaml")
    assert ran.out.startswith("# violated: prove the database is closed\n")
    (folder / "witness.yaml").write_text(ran.out)
    assert kspec("plan", folder / "witness.yaml").code == 0


class TestAsserts:
    def test_the_objects_that_break_one_are_named(self, kspec: Kspec, folder: Path) -> None:
        path = folder / "asserts.kspec"
        path.write_text('assert "three": cluster.deployments.all(d, d.spec.replicas == 3)')
        ran = kspec("verify", folder / "db.kspec", path, "--only", "three")
        assert ran.code == 1
        assert "because of d = Deployment shop/db" in ran.out

    def test_defaults_apply(self, kspec: Kspec, folder: Path) -> None:
        path = folder / "asserts.kspec"
        path.write_text('assert "one": cluster.deployments.all(d, d.spec.replicas == 1)')
        assert kspec("verify", folder / "db.kspec", path, "--only", "one").code == 0


class TestExpects:
    def test_as_expected(self, kspec: Kspec, folder: Path) -> None:
        path = folder / "expects.kspec"
        path.write_text(
            'expect "the database is closed" { violated when NetworkPolicy open { metadata.namespace: "shop"'
            "  spec: { podSelector: {}  ingress: [{}] } } }"
        )
        ran = kspec("verify", folder / "db.kspec", folder / "closed.kspec", path)
        assert ran.code == 0
        assert "violated when there is NetworkPolicy shop/open" in ran.out
        assert ran.out.splitlines()[-1].startswith("2 hold")

    def test_not_as_expected(self, kspec: Kspec, folder: Path) -> None:
        path = folder / "expects.kspec"
        path.write_text('expect "the database is closed" { violated when ConfigMap c { data.a: "b" } }')
        ran = kspec("verify", folder / "db.kspec", folder / "closed.kspec", path)
        assert ran.code == 1
        assert "because it is holds then" not in ran.out
        assert "because it holds then" in ran.out


class TestUndecided:
    def test_what_is_not_supported_is_never_a_pass(self, kspec: Kspec, folder: Path) -> None:
        path = folder / "later.kspec"
        path.write_text('prove "later": eventually size(cluster.pods) > 0')
        ran = kspec("verify", folder / "db.kspec", folder / "closed.kspec", path)
        assert ran.code == 3
        assert 'unsupported  prove "later"' in ran.out
        assert "1 hold, 1 undecided" in ran.out

    def test_a_violation_outweighs_it(self, kspec: Kspec, folder: Path) -> None:
        path = folder / "later.kspec"
        path.write_text('prove "later": eventually size(cluster.pods) > 0')
        assert kspec("verify", folder / "db.kspec", path).code == 1


class TestBadInput:
    def test_no_property(self, kspec: Kspec, folder: Path) -> None:
        ran = kspec("verify", folder / "closed.kspec")
        assert (ran.code, "error[KS1908]" in ran.err) == (2, True)

    def test_no_such_title(self, kspec: Kspec, folder: Path) -> None:
        ran = kspec("verify", folder / "db.kspec", "--only", "nothing")
        assert (ran.code, "error[KS1909]" in ran.err) == (2, True)

    @pytest.mark.parametrize("text", ["soon", "-1s", "1y", ""])
    def test_no_duration(self, kspec: Kspec, folder: Path, text: str) -> None:
        assert kspec("verify", folder / "db.kspec", "--timeout", text).code == 2


@pytest.mark.parametrize("with_policy", [True, False])
def test_as_json(kspec: Kspec, folder: Path, with_policy: bool) -> None:
    paths = [folder / "db.kspec"] + [folder / "closed.kspec"] * with_policy
    ran = kspec("verify", *paths, "--format", "json")
    assert_valid("verify", ran.json)
    assert ran.code == (0 if with_policy else 1)
    result = ran.json["results"][0]
    assert result["verdict"] == ("holds" if with_policy else "violated")
    assert ("witness" in result) is not with_policy


def test_the_questions_can_be_asked_of_another_solver(kspec: Kspec, folder: Path) -> None:
    """What is written is SMT-LIB that Z3's own reader takes, and it gives the same answer."""
    import z3

    for paths, answer in ((["db.kspec", "closed.kspec"], z3.unsat), (["db.kspec"], z3.sat)):
        out = folder / f"smt-{len(paths)}"
        kspec("verify", *(folder / p for p in paths), "--emit-smt2", out)
        (file,) = out.iterdir()
        assert file.name == "the-database-is-closed.smt2"
        solver = z3.Solver()
        solver.from_string(file.read_text())
        assert solver.check() == answer


def test_a_property_of_a_real_application(kspec: Kspec, shared: Path, tmp_path: Path) -> None:
    """With its policies only the cart reaches its store, from any pod anywhere; without them anyone."""
    corpus, checks = (
        shared / "corpus" / "online-boutique",
        ROOT / "tests/conformance/properties/online-boutique.kspec",
    )
    assert kspec("verify", corpus, checks).code == 0
    for file in corpus.glob("*.yaml"):
        if file.name != "kustomization.yaml":
            (tmp_path / file.name).write_text(file.read_text())
    ran = kspec("verify", tmp_path, checks)
    assert ran.code == 1
    assert 'VIOLATED     prove "only cartservice reaches redis-cart"' in ran.out
