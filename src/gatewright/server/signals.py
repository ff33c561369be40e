"""Signals as bytes on a socket, so that a program can wait for them and for something else."""

from __future__ import annotations

import signal
import socket
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from types import FrameType

__all__ = ["hearing"]


@contextmanager
def hearing(signals: Sequence[signal.Signals]) -> Generator[tuple[int, int]]:
    """Yield two descriptors: to the second, the number of each signal is written as a byte, to be read from the first.

    When it is left, signals do what they did before.  To be used on the main thread.
    """
    heard, told = socket.socketpair()
    with heard, told:
        told.setblocking(False)
        before = {number: signal.signal(number, _note) for number in signals}
        descriptor = signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
        try:
            yield heard.fileno(), told.fileno()
        finally:
            signal.set_wakeup_fd(descriptor)
            for number, handler in before.items():
                signal.signal(number, handler)


def _note(_number: int, _frame: FrameType | None) -> None:
    """Nothing: the descriptor tells."""
