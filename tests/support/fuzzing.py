"""Damages good inputs, and runs kspec on them in this process: it must answer, well and in time."""

from __future__ import annotations

import io
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from types import FrameType

from kspec.cli.main import run

ROOT = Path(__file__).resolve().parents[2]
ALLOWED = {0, 1, 2, 3}
SECONDS = 10.0
WAITS = 12

PLAIN_WORDS = """
{ } [ ] ( ) : , . .. / // /// ? ! - && || == + * prove forbid assert expect given forall exists implies always
namespace cluster pool param template use import function filter let return when create in null true
250m 16Gi 10min 0..4 1e309
99999999999999999999 -9223372036854775808 0x " ' \"\"\" \\ \\u b" r' # --- ... - &a *a
<<:*a !!binary !!python/object | > %YAML é 漢 🎈 metadata: spec: containers: 25% 2001-99-99T00:00:00Z
"""
WORDS: Sequence[str] = (
    *PLAIN_WORDS.split(),
    *("- ", "\t", "\r\n", "\r", "\x0b", "\x85", "\u2028", "\ufeff", "\0", "\x1b[31m", "\u202e"),
    *("kind: Pod", "apiVersion: v1", "replicas: -1", "<<: *a"),
)


class Hang(BaseException):
    """No `Exception`, so that nothing but the test catches it."""


@dataclass(frozen=True)
class Trial:
    """One run: the command line, and what came of it."""

    args: tuple[str, ...]
    code: int
    err: str

    @property
    def why_not_well(self) -> str | None:
        if self.code not in ALLOWED:
            return f"exit code {self.code}: {self.err[:600]}"
        if "Traceback" in self.err:
            return self.err[:600]
        if self.code == 2 and not self.err:
            return "exit code 2 without a word"
        return None


@cache
def seeds(suffix: str) -> tuple[bytes, ...]:
    """Good inputs to begin with, from the project itself."""
    folders = [ROOT / "examples", ROOT / "rules", ROOT / "tests" / "conformance" / "properties"]
    found = sorted(p for f in folders for p in f.rglob(f"*{suffix}"))
    assert found, f"no seeds {suffix}"
    return tuple(p.read_bytes() for p in found)


def damaged(random: Random, suffix: str) -> bytes:
    """A good input after one to six mutations; now and then the bytes themselves are spoilt."""
    text = random.choice(seeds(suffix)).decode()
    start = random.randrange(len(text))
    text = text[start:] if random.random() < 0.1 else text
    for _ in range(random.randint(1, 6)):
        text = mutated(random, text, suffix)
    return spoilt(random, text.encode("utf-8", "surrogatepass")) if random.random() < 0.1 else text.encode()


def mutated(random: Random, text: str, suffix: str) -> str:
    at = random.randint(0, len(text))
    to = min(len(text), at + int(random.expovariate(1 / 12)))
    piece = text[at:to]
    lines = text.splitlines(keepends=True) or [""]
    row = random.randrange(len(lines))
    match random.randrange(12):
        case 0:
            return text[:at] + text[to:]
        case 1:
            return text[:at] + random.choice(WORDS) + text[at:]
        case 2:
            return text[:at] + random.choice(WORDS) + text[to:]
        case 3:
            return text[:to] + piece * random.randint(1, 5) + text[to:]
        case 4:
            return "".join(lines[:row] + lines[row + 1 :])
        case 5:
            return "".join([*lines[:row], lines[row] * 2, *lines[row:]])
        case 6:
            other = random.randrange(len(lines))
            lines[row], lines[other] = lines[other], lines[row]
            return "".join(lines)
        case 7:
            return "".join([*lines[:row], " " * random.randint(1, 5) + lines[row], *lines[row + 1 :]])
        case 8:
            return text[:at]
        case 9:
            inside = random.choice(seeds(suffix)).decode()
            cut = random.randint(0, len(inside))
            return text[:at] + inside[cut : cut + 200] + text[at:]
        case 10:
            opening, closing = random.choice([("(", ")"), ("[", "]"), ("{", "}"), ("{a: ", "}"), ("!", "")])
            depth = random.choice([3, 40, 400])
            return text[:at] + opening * depth + piece + closing * depth + text[to:]
        case _:
            return text[:at] + chr(random.choice([*range(256), 0x2028, 0x1F388])) + text[at:]


def spoilt(random: Random, data: bytes) -> bytes:
    match random.randrange(5):
        case 0:
            return data.decode("utf-8", "replace").encode("utf-16")
        case 1:
            return data.decode("utf-8", "replace").encode("utf-16-be")
        case 2:
            at = random.randint(0, len(data))
            return data[:at] + bytes(random.randrange(256) for _ in range(8)) + data[at:]
        case 3:
            return b"\xef\xbb\xbf" + data
        case _:
            return data.replace(b"\n", b"\r\n")


def commands(path: Path) -> Iterator[tuple[str, ...]]:
    """What kspec is asked about a file."""
    if path.suffix == ".kspec":
        yield ("fmt", "--check", str(path))
    else:
        yield ("import", str(path))
    yield ("export", str(path))
    yield ("plan", str(path), "--format", "json")


def attempt(args: Sequence[str], seconds: float = SECONDS) -> Trial:
    """Run kspec here; a run that takes longer than `seconds` is a hang."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            with at_most(seconds):
                code = run(list(args))
        except Hang:
            return Trial(tuple(args), -1, f"no answer after {seconds} s")
    return Trial(tuple(args), code, err.getvalue())


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """So much CPU, so that a busy machine is no hang; and, for what waits, a lot more time on the wall."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise Hang

    timers = (
        (signal.SIGPROF, signal.ITIMER_PROF, seconds),
        (signal.SIGALRM, signal.ITIMER_REAL, WAITS * seconds),
    )
    before = [signal.signal(number, ring) for number, _, _ in timers]
    for _, timer, limit in timers:
        signal.setitimer(timer, limit)
    try:
        yield
    finally:
        for (number, timer, _), handler in zip(timers, before, strict=True):
            signal.setitimer(timer, 0)
            # A signal that is already under way must not end the process, which the default handler does.
            signal.signal(number, signal.SIG_IGN if handler is signal.SIG_DFL else handler)


def warm_up(folder: Path) -> None:
    """Imports what the commands import, so that no time limit cuts an import in two."""
    for suffix in (".kspec", ".yaml"):
        path = folder / f"good{suffix}"
        path.write_bytes(seeds(suffix)[0])
        for args in commands(path):
            assert attempt(args, seconds=600).code in ALLOWED
