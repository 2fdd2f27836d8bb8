"""Knows what `kspec analyze` says about access: grants that do nothing, that are not what they seem, or that
let their holders gain more.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from kspec.cli.inputs import Inputs
from kspec.cli.session import Session

if TYPE_CHECKING:
    from kspec.report.analysis import Section

TITLE = "Access"


def analyze(session: Session, inputs: Inputs, timeout: float, applied_by: str = "") -> Section:
    """Every finding about roles and bindings, in order of place; and what `applied_by` may not write."""
    from kspec.cli.reviewing.access import (
        Reviewed,
        escalating,
        missing_accounts,
        missing_roles,
        superfluous_bindings,
        superfluous_rules,
        unbound,
    )
    from kspec.cli.reviewing.mistakes import mistakes
    from kspec.report.analysis import Finding, Section

    began = monotonic()
    reviewed = Reviewed(inputs)
    named = (mistakes, missing_roles, missing_accounts)
    parts = (*named, superfluous_rules, superfluous_bindings, unbound, escalating)
    findings: list[Finding] = []
    with session.progress("access", len(parts)) as progress:
        for part in parts:
            progress.step(part.__name__.replace("_", " "))
            findings += part(reviewed)
    if applied_by:
        from kspec.cli.reviewing.handing import handing

        findings += handing(reviewed, applied_by)
    findings.sort(key=lambda f: (f.span.file.path, f.span.start, f.code))
    examined = {"roles": len(reviewed.roles), "bindings": len(reviewed.bindings)}
    return Section(TITLE, tuple(findings), examined, reviewed.assumed, (), monotonic() - began)
