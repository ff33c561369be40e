"""Which descriptors are ready: epoll where there is one, what :mod:`selectors` finds elsewhere.

A descriptor is reported as long as it is ready (level-triggered), so that events that nobody dealt with come again.
"""

from __future__ import annotations

import select
import selectors
import sys
from contextlib import suppress
from typing import Protocol

from gatewright.worker.contract import Interest

__all__ = ["Poller", "make_poller"]

_BATCH = 32  # events at a time: epoll allocates room for as many at each call, and a batch is to take less than T


class Poller(Protocol):
    """What is asked of descriptors; used by one thread at a time."""

    def add(self, descriptor: int, interest: Interest) -> None:
        """Begin to watch a descriptor for READ or WRITE."""
        ...

    def add_shared(self, descriptor: int) -> None:
        """Begin to watch a listening descriptor that other processes may watch too: one of them is woken."""
        ...

    def change(self, descriptor: int, interest: Interest) -> None:
        """Watch it for something else."""
        ...

    def remove(self, descriptor: int) -> None:
        """Watch it no longer; if somebody has closed it meanwhile, never mind."""
        ...

    def wait(self, seconds: float) -> list[tuple[int, int]]:
        """Return descriptors that are ready, each with a number of no meaning here; [] after so many seconds."""
        ...

    def close(self) -> None:
        """Give up what it holds."""
        ...


if sys.platform == "linux":
    _EPOLL = {Interest.READ: select.EPOLLIN, Interest.WRITE: select.EPOLLOUT}

    class EpollPoller:
        """The poller of Linux."""

        def __init__(self) -> None:
            self._epoll = select.epoll()

        def add(self, descriptor: int, interest: Interest) -> None:
            """Begin to watch."""
            self._epoll.register(descriptor, _EPOLL[interest])

        def add_shared(self, descriptor: int) -> None:
            """Begin to watch, as one of several perhaps."""
            self._epoll.register(descriptor, select.EPOLLIN | select.EPOLLEXCLUSIVE)

        def change(self, descriptor: int, interest: Interest) -> None:
            """Watch for something else."""
            self._epoll.modify(descriptor, _EPOLL[interest])

        def remove(self, descriptor: int) -> None:
            """Watch no longer."""
            with suppress(OSError):
                self._epoll.unregister(descriptor)

        def wait(self, seconds: float) -> list[tuple[int, int]]:
            """Return what is ready."""
            return self._epoll.poll(seconds, _BATCH)

        def close(self) -> None:
            """Close the descriptor of epoll."""
            self._epoll.close()


_SELECTORS = {Interest.READ: selectors.EVENT_READ, Interest.WRITE: selectors.EVENT_WRITE}


class SelectorPoller:
    """A poller for other systems, on kqueue or poll."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()

    def add(self, descriptor: int, interest: Interest) -> None:
        """Begin to watch."""
        self._selector.register(descriptor, _SELECTORS[interest])

    def add_shared(self, descriptor: int) -> None:
        """Begin to watch; every process is woken, and all but one find nothing."""
        self.add(descriptor, Interest.READ)

    def change(self, descriptor: int, interest: Interest) -> None:
        """Watch for something else."""
        self._selector.modify(descriptor, _SELECTORS[interest])

    def remove(self, descriptor: int) -> None:
        """Watch no longer."""
        self._selector.unregister(descriptor)

    def wait(self, seconds: float) -> list[tuple[int, int]]:
        """Return what is ready."""
        return [(key.fd, events) for key, events in self._selector.select(seconds)]

    def close(self) -> None:
        """Close what the selector holds."""
        self._selector.close()


def make_poller() -> Poller:
    """Return the best poller that this system has."""
    return EpollPoller() if sys.platform == "linux" else SelectorPoller()
