"""Knows what `kspec analyze` says about the network: policies that do nothing, and what policies cut off."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from kspec.cli.inputs import Inputs
from kspec.cli.session import Session

if TYPE_CHECKING:
    from kspec.report.analysis import Section

TITLE = "Network"


def analyze(session: Session, inputs: Inputs, timeout: float) -> Section:
    """Every finding about policies, Services and Ingresses, in order of place."""
    from kspec.cli.reviewing.manifests import Reviewed
    from kspec.cli.reviewing.policies import conflicts, superfluous
    from kspec.cli.reviewing.services import names, remarks, services
    from kspec.report.analysis import Section
    from kspec.verify.network.ends import ASSUMED

    began = monotonic()
    reviewed = Reviewed(session, inputs, timeout)
    parts = (superfluous, conflicts, remarks, names, services)
    findings = [finding for part in parts for finding in part(reviewed)]
    findings.sort(key=lambda f: (f.span.file.path, f.span.start, f.code))
    examined = {"policies": reviewed.policies, "workloads and pods": len(reviewed.ends)}
    assumed = (*((ASSUMED,) if reviewed.policies else ()), *reviewed.choosing.rested_on())
    bounds = tuple(dict.fromkeys(reviewed.bounds))
    return Section(TITLE, tuple(findings), examined, assumed, bounds, monotonic() - began)
