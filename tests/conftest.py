"""What every test may ask for: `--update` rewrites golden files; Hypothesis is derandomised."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("kspec", deadline=None, derandomize=True, database=None)
settings.load_profile("kspec")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update", action="store_true", help="rewrite the golden files; read the diff afterwards"
    )


class Golden:
    """Compares texts with files, or rewrites the files."""

    def __init__(self, update: bool) -> None:
        self.update = update

    def check(self, path: Path, text: str) -> None:
        if self.update:
            path.write_text(text, encoding="utf-8", newline="")
        assert path.exists(), f"{path.name} is missing: run pytest --update and read it"
        assert text == path.read_text(encoding="utf-8"), f"{path.name} differs; pytest --update rewrites it"


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    return Golden(bool(request.config.getoption("--update")))
