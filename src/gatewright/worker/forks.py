"""Processes that an application forks: they are its own, and hold nothing of the worker.

Without this a child would keep every client and the port open after the worker has closed them; and one that returns
from its call would answer the request once more, then go on as a worker that nobody has asked for.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import NoReturn, TypeAlias

__all__ = ["end_child", "told_of_forks"]

_LOG = logging.getLogger("gatewright.worker")

_Told: TypeAlias = Callable[[int], object]

_told: list[_Told] = []


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


def end_child() -> NoReturn:
    """End a process that came back from the call of the application which forked it."""
    _LOG.error("process %d, which the application forked, came back from its call and was ended", os.getpid())
    os._exit(70)  # EX_SOFTWARE of sysexits.h


def _be_child() -> None:
    if _told:
        ended, peer = socket.socketpair()
        peer.close()
        with ended:
            for tell in _told:
                tell(ended.fileno())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_be_child)
