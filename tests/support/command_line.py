"""What the command-line tests share: where the project is, and what a run leaves behind."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"


@dataclass(frozen=True)
class Ran:
    """What a run left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def quiet_environment(**more: str) -> dict[str, str]:
    """The environment without what would change colours; `more` added."""
    dropped = ("NO_COLOR", "FORCE_COLOR", "KSPEC_DEBUG")
    return {k: v for k, v in os.environ.items() if k not in dropped} | more
