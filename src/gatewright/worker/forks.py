"""Processes that an application forks: they are its own, and hold nothing of the worker.

Without this a child would keep every client and the port open after the worker has closed them, and heed signals as the
worker does, so that nobody could end it; and one that returns from its call would answer the request once more, then go
on as a worker that nobody has asked for.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn, TypeAlias

__all__ = ["SignalHandler", "end_child", "heeded_by_children", "told_of_forks"]

_LOG = logging.getLogger("gatewright.worker")

SignalHandler: TypeAlias = "Callable[[int, FrameType | None], object] | int | None"
"""What :func:`signal.signal` takes and returns."""

_Told: TypeAlias = Callable[[int], object]

_told: list[_Told] = []
_handlers: dict[signal.Signals, SignalHandler] = {}


class _Forking(threading.local):
    """What a thread that forks had blocked before."""

    mask: set[int] | None = None


_forking = _Forking()


@contextmanager
def told_of_forks(tell: _Told) -> Generator[None]:
    """Have something called in every process that is forked meanwhile (by :func:`os.fork`, not for a new program).

    Args:
        tell: takes the descriptor of a socket whose peer has gone, to be put in the place of those that a child may not
            have: whatever uses them finds their end.
    """
    _told.append(tell)
    try:
        yield
    finally:
        _told.remove(tell)


@contextmanager
def heeded_by_children(handlers: Mapping[signal.Signals, SignalHandler]) -> Generator[None]:
    """Have every process that is forked meanwhile handle signals in these ways, and none that comes early lost."""
    _handlers.update(handlers)
    try:
        yield
    finally:
        _handlers.clear()


def end_child() -> NoReturn:
    """End a process that came back from the call of the application which forked it."""
    _LOG.error("process %d, which the application forked, came back from its call and was ended", os.getpid())
    os._exit(70)  # EX_SOFTWARE of sysexits.h


def _hold_signals() -> None:
    if _handlers:
        _forking.mask = {int(number) for number in signal.pthread_sigmask(signal.SIG_BLOCK, _handlers)}


def _let_signals_come() -> None:
    mask, _forking.mask = _forking.mask, None
    if mask is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _be_child() -> None:
    for number, handler in _handlers.items():
        if handler is not None:  # or it is none of Python's
            signal.signal(number, handler)
    _let_signals_come()
    if _told:
        ended, peer = socket.socketpair()
        peer.close()
        with ended:
            for tell in _told:
                tell(ended.fileno())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_hold_signals, after_in_parent=_let_signals_come, after_in_child=_be_child)
