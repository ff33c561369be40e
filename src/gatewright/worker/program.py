"""A worker as a whole program: it says what it serves and where, heeds signals, and returns when it was stopped."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Container, Generator, Sequence
from contextlib import ExitStack, contextmanager
from types import FrameType

from gatewright.sockets import Address, Listener, TCPAddress
from gatewright.worker.contract import Connect
from gatewright.worker.forks import heeded_by_children
from gatewright.worker.worker import Worker

__all__ = ["serve"]

_LOG = logging.getLogger("gatewright.worker")


def serve(
    connect: Connect,
    listeners: Sequence[Listener],
    *,
    protocol: str,
    threads: int = 1,
    max_connections: int = 1000,
    grace: float = 30.0,
    allowed: Container[str] | None = None,
    batch: int = 1,
    ready: Callable[[str], object] | None = None,
) -> None:
    """Serve connections until SIGTERM or SIGINT (at once at the second of them), then close the listeners.

    A signal that is ignored when this is called, as a shell has it of its background jobs, stays ignored.  On a thread
    other than the main one, no signals are heeded, as Python allows none there.

    Args:
        connect: makes the connections.
        listeners: where to accept them.
        protocol: its name, for the line that says what is served: "FastCGI".
        threads: how many calls of the application may go on at a time.
        max_connections: how many connections to hold; more wait in the backlog.
        grace: how many seconds requests in flight have to end in, once stopped.
        allowed: the IP addresses that may connect; None for all.
        batch: how many connections to accept in a row; one where other processes accept on the same listeners.
        ready: called with one line when connections are accepted, "FastCGI on unix:/run/app.socket"; None to
            log it.

    Raises:
        ConfigurationError: if a number is too small.
    """
    with ExitStack() as closing:
        for listener in listeners:
            closing.callback(listener.close)
        worker = Worker(
            listeners,
            connect,
            threads=threads,
            max_connections=max_connections,
            grace=grace,
            allowed=allowed,
            batch=batch,
        )
        with _stopped_by_signals(worker, inline=threads == 1):
            (ready or _LOG.info)(f"{protocol} on {', '.join(_place(listener.address) for listener in listeners)}")
            worker.run()


def _place(address: Address) -> str:
    return address.pair if isinstance(address, TCPAddress) else str(address)


@contextmanager
def _stopped_by_signals(worker: Worker, *, inline: bool) -> Generator[None]:
    """Have SIGTERM and SIGINT stop the worker."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard: list[int] = []

    def handle(number: int, _frame: FrameType | None) -> None:
        heard.append(number)
        if len(heard) == 1:
            worker.stop()
            return
        worker.abort()
        if inline:  # the call that it waits for runs on this very thread
            raise KeyboardInterrupt

    heeded = [number for number in (signal.SIGTERM, signal.SIGINT) if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handle) for number in heeded}
    try:
        with heeded_by_children(before):
            yield
    except KeyboardInterrupt:
        if len(heard) < 2:
            raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
