"""What webhooks in the chain of authorizers make of an answer, as a user meets it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import ROOT, Ran
from support.schemas import assert_valid

Kspec = Callable[..., Ran]
SHOP = ROOT / "examples" / "access" / "shop.yaml"
CHAIN = ROOT / "examples" / "authorizers" / "authorization-config.yaml"
PASSWORD = ("get", "secrets", "db-password", "-n", "shop", SHOP)
CHECKOUT = "sa:shop/checkout"


class TestCan:
    @pytest.mark.parametrize(
        ("user", "modes", "told", "when"),
        [
            (CHECKOUT, "Webhook,RBAC", "allowed unless the webhook denies it", "unless-denied"),
            ("jane", "Webhook,RBAC", "allowed only if the webhook allows it", "only-if-allowed"),
            ("jane", "RBAC,Webhook", "allowed only if the webhook allows it", "only-if-allowed"),
            ("jane", "Webhook,AlwaysAllow", "allowed unless the webhook denies it", "unless-denied"),
        ],
    )
    def test_when_it_is_allowed(self, kspec: Kspec, user: str, modes: str, told: str, when: str) -> None:
        ran = kspec("can", user, *PASSWORD, "--authorization-mode", modes)
        assert ran.code == 3
        assert told in ran.out
        found = kspec("can", user, *PASSWORD, "--authorization-mode", modes, "--format", "json").json
        assert_valid("can", found)
        assert found["allowed"] == {"when": when, "by": ["the webhook"]}

    def test_what_is_decided_before_the_webhook_is_decided(self, kspec: Kspec) -> None:
        assert kspec("can", CHECKOUT, *PASSWORD, "--authorization-mode", "RBAC,Webhook").code == 0

    def test_what_allows_it_otherwise_is_shown(self, kspec: Kspec) -> None:
        ran = kspec("can", CHECKOUT, *PASSWORD, "--authorization-config", CHAIN)
        assert "allowed unless webhook guard denies it" in ran.out
        assert f"RoleBinding shop/checkout  {SHOP}:36" in ran.out


def prove(kspec: Kspec, folder: Path, formula: str, *options: object) -> Ran:
    path = folder / "property.kspec"
    path.write_text(f'prove "it": forall s in subjects: {formula}\n')
    roles = folder / "roles.yaml"
    roles.write_text("---".join(SHOP.read_text().split("---")[-2:]))  # whose roles are all there
    return kspec("verify", roles, path, *options)


READS = 'can(s, "get", "secrets", "shop", "", "db-password")'


class TestVerify:
    def test_a_proof_holds_for_every_answer(self, kspec: Kspec, tmp_path: Path) -> None:
        """Match conditions keep the webhook out of other namespaces."""
        scales = 'can(s, "update", "deployments", "ci", "apps", "web", "scale")'
        ran = prove(kspec, tmp_path, f"!{scales}", "--authorization-config", CHAIN)
        assert ran.code == 0, ran.out
        assert "the authorizers are webhook guard, RBAC, in this order" in ran.out
        assert "webhook guard gives any answer, the same to the same request" in ran.out
        assert prove(kspec, tmp_path, f"!{scales}", "--authorization-mode", "RBAC,Webhook").code == 1

    def test_a_witness_says_what_the_webhook_says(self, kspec: Kspec, tmp_path: Path) -> None:
        ran = prove(kspec, tmp_path, f"!{READS}", "--authorization-config", CHAIN)
        assert ran.code == 1
        assert "because webhook guard allows get secrets db-password in shop by " in ran.out
        assert "webhook0" not in ran.out

    def test_the_same_request_gets_the_same_answer(self, kspec: Kspec, tmp_path: Path) -> None:
        modes = ("--authorization-mode", "Webhook")
        assert prove(kspec, tmp_path, f"{READS} implies {READS}", *modes).code == 0
        twice = f'{READS} implies ["get"].all(v, can(s, v, "secrets", "shop", "", "db-password"))'
        assert prove(kspec, tmp_path, twice, *modes).code == 0
        other = f'{READS} implies can(s, "list", "secrets", "shop", "", "db-password")'
        ran = prove(kspec, tmp_path, other, *modes)
        assert "the webhook allows get secrets" in ran.out
        assert "on list secrets" in ran.out or "the webhook denies list secrets" in ran.out

    def test_without_webhooks_the_chain_decides(self, kspec: Kspec, tmp_path: Path) -> None:
        only = f'{READS} implies s.user == "system:serviceaccount:shop:checkout"'
        assert prove(kspec, tmp_path, only).code == 0
        assert prove(kspec, tmp_path, only, "--authorization-mode", "AlwaysDeny,RBAC").code == 0
        assert prove(kspec, tmp_path, only, "--authorization-mode", "RBAC,AlwaysAllow").code == 1
        nodes = prove(kspec, tmp_path, only, "--authorization-mode", "Node,RBAC")
        assert (nodes.code, 'set them aside, by !("system:nodes" in s.groups)' in nodes.out) == (3, True)
        others = f'"system:nodes" in s.groups || !{READS} || s.user == "system:serviceaccount:shop:checkout"'
        assert prove(kspec, tmp_path, others, "--authorization-mode", "Node,RBAC").code == 0

    def test_for_whom_a_webhook_is_asked_may_be_left_open(self, kspec: Kspec, tmp_path: Path) -> None:
        """Nobody is taken to be let in by a webhook whose conditions keep it from being asked about them."""
        config = tmp_path / "config.yaml"
        for condition, code in (("request.user == 'guard'", 3), ("request.user != ''", 1)):
            config.write_text(CHAIN.read_text().replace("has(request.resourceAttributes)", condition))
            ran = prove(
                kspec,
                tmp_path,
                f'!{READS} || s.user == "system:serviceaccount:shop:checkout"',
                "--authorization-config",
                config,
            )
            assert ran.code == code, ran.out

    def test_what_cannot_be_told_is_said(self, kspec: Kspec, tmp_path: Path) -> None:
        path = tmp_path / "property.kspec"
        path.write_text(f'prove "some": exists s in subjects: {READS}\n')
        ran = kspec("verify", SHOP, path, "--authorization-mode", "Webhook,RBAC")
        assert ran.code == 3
        assert "another for each behaviour of the webhooks" in ran.out
        assert kspec("verify", SHOP, path, "--authorization-mode", "RBAC").code == 0
