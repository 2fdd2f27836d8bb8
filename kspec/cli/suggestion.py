"""Knows what is suggested for wanted connections, what is proved of it, and how both look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kspec.cli import exits
from kspec.cli.connections.lines import Stated
from kspec.cli.connections.resolve import Resolver
from kspec.cli.inputs import Inputs
from kspec.cli.verifying import Verification
from kspec.resources.export import to_yaml
from kspec.solve.verdict import Holds, Unknown, Unsupported
from kspec.source import InternalError
from kspec.verify.network.ends import ASSUMED
from kspec.verify.network.superfluous import needless
from kspec.verify.network.wanted import policies_for, proved, say, side_of

POLICIES = "networkPolicies"


class Suggestion:
    """Policies for the namespaces of the workloads at hand, and the verdict on them."""

    def __init__(self, inputs: Inputs, stated: Sequence[Stated], dns: bool, timeout: float) -> None:
        verification = Verification(inputs, timeout)
        self.setting = verification.setting
        self.stated = stated
        resolver = Resolver(verification.cluster)
        self.namespaces = resolver.namespaces
        self.wanted = resolver.wanted(stated)
        self.dns = dns
        if dns:
            self.wanted += self.asking(resolver)
        self.alike = resolver.alike(self.wanted)
        made = policies_for(resolver.governed, self.namespaces, self.wanted)
        shared = {k: verification.cluster[k] for k in ("namespaces", "options") if k in verification.cluster}
        cluster = needless({**shared, POLICIES: made}, say("removable"), self.setting)
        self.policies: list[Any] = [tidy(policy) for policy in cluster[POLICIES]]
        self.verdicts = proved(self.wanted, self.namespaces, cluster, self.setting)
        if any(not isinstance(v, (Holds, Unknown, Unsupported)) for v in self.verdicts):
            raise InternalError(f"the suggested policies do not say what is wanted: {self.verdicts!r}")

    def asking(self, resolver: Resolver) -> list[Mapping[str, Any]]:
        """That the workloads that may go anywhere may ask for names."""
        ports = [{"protocol": p, "first": 53, "last": 53} for p in ("UDP", "TCP")]
        going = [w for w in resolver.governed if any(side_of(w) == each["from"] for each in self.wanted)]
        return [{"from": side_of(w), "to": say("dnsSide"), "ports": ports} for w in going]

    @property
    def undecided(self) -> list[str]:
        return [v.reason for v in self.verdicts if isinstance(v, (Unknown, Unsupported))]

    def exit_code(self) -> int:
        if self.undecided:
            return exits.UNDECIDED
        return exits.VIOLATED if self.alike else exits.OK

    # ---------------------------------------------------------------- text

    def text(self) -> str:
        """The policies as YAML, headed by what is known of them."""
        return "\n".join([*(f"# {line}" for line in self.head()), to_yaml(self.policies).rstrip("\n")])

    def head(self) -> Iterator[str]:
        where = ", ".join(self.namespaces)
        if self.undecided:
            yield f"Not decided whether these let through just what is wanted: {'; '.join(self.undecided)}"
        else:
            yield f"Proved: of what may leave or enter the pods of {where}, these let through just"
        for each in self.stated:
            yield f"  {each.text}"
        if self.dns:
            yield "  whoever of them may go anywhere -> the cluster's DNS"
        if not self.undecided:
            yield "whatever pods, namespaces, labels, addresses and ports there are; and no rule can go."
        if any({} in (each["from"], each["to"]) for each in self.wanted):
            yield f"`any` opens the other end alone: pods of {where} also need a connection that names them."

    def remarks(self) -> Iterator[str]:
        """What a person should know besides."""
        for one, other in self.alike:
            yield f"{other} has all labels by which {one} is selected: what {one} may, both may"
        names = {w["to"].get("namespace") for w in self.wanted} & {say("dnsSide")["namespace"]}
        if not names and any(w["from"].get("namespace") in self.namespaces for w in self.wanted):
            yield "No name can be asked for with these policies: --dns lets workloads ask the cluster's DNS"
        connections = f"{len(self.stated):,} connection{'s' * (len(self.stated) != 1)}"
        state = "not decided" if self.undecided else "proved"
        yield f"{len(self.policies):,} policies for {connections}: {state}"

    def to_json(self) -> dict[str, object]:
        """The document of schema `kspec/policies/1`."""
        return {
            "connections": [each.text for each in self.stated],
            "namespaces": self.namespaces,
            "policies": self.policies,
            "verdict": "undecided" if self.undecided else "proved",
            "reasons": self.undecided,
            "alike": [list(pair) for pair in self.alike],
            "assumptions": [ASSUMED],
        }


def tidy(policy: Mapping[str, Any]) -> dict[str, Any]:
    """The policy without empty lists, which say what their absence says; a list that is a rule's direction
    stays only with rules.
    """
    made: dict[str, Any] = _tidy(policy)
    return made


def _tidy(value: Any) -> Any:
    if isinstance(value, dict):
        cleaned = {k: _tidy(each) for k, each in value.items()}
        return {k: each for k, each in cleaned.items() if each is not None and each != []}
    return [_tidy(each) for each in value] if isinstance(value, list) else value
