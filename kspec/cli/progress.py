"""Knows how long work shows itself: one live line on a terminal, elsewhere a line each half minute."""

from __future__ import annotations

from threading import Event, Thread
from time import monotonic
from types import TracebackType
from typing import TextIO

FIRST_SECONDS = 0.5
REFRESH_SECONDS = 0.2
LOG_SECONDS = 30.0
CLEAR = "\r\x1b[2K"


class Progress:
    """`with Progress("proving", 12, stderr) as p: p.step("the database stays closed")`.

    A thread of its own draws, so that time is seen to pass while one step takes long.
    """

    def __init__(self, label: str, total: int, stream: TextIO) -> None:
        self.label, self.total, self.stream = label, total, stream
        self.done = 0
        self.item = ""
        self._began = monotonic()
        self._stop = Event()
        self._drawn = False
        self._thread = Thread(target=self._run, daemon=True)

    def __enter__(self) -> Progress:
        self._began = monotonic()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        if self._drawn:
            self.stream.write(CLEAR)
            self.stream.flush()

    def step(self, item: str = "", done: int | None = None) -> None:
        """The work goes on to this item."""
        self.item = item
        self.done = self.done + 1 if done is None else done

    def line(self) -> str:
        of = f" {self.done}/{self.total}" if self.total else ""
        item = f": {self.item}" if self.item else ""
        return f"{self.label}{of}{item} ({monotonic() - self._began:.0f}s)"

    def _run(self) -> None:
        terminal = self.stream.isatty()
        wait = FIRST_SECONDS if terminal else LOG_SECONDS
        while not self._stop.wait(wait):
            try:
                self.stream.write(f"{CLEAR}{self.line()[:100]}" if terminal else f"{self.line()}\n")
                self.stream.flush()
            except (OSError, ValueError):
                return
            self._drawn = terminal
            wait = REFRESH_SECONDS if terminal else LOG_SECONDS
