"""Some calls sleep: how long those wait that do not.

wrk tells no latency of some requests alone, so this is a client of its own: one thread that keeps connections alive and
decides for each request, by dice that fall alike for all servers, whether its call is to sleep.
"""

from __future__ import annotations

import gc
import select
import socket
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import cycle
from random import Random
from statistics import quantiles
from time import perf_counter

from attrs import frozen

from serving.application import HELLO
from serving.wrk import head

PERCENT = 1
MILLISECONDS = 50


@frozen(kw_only=True)
class Mix:
    """Requests of which some sleep.

    Attributes:
        slow: where those go that sleep.
        fast: where the others go.
        rate: how many are to be made in a second; with 0, each connection makes the next when it has its answer.
        connections: that are kept alive.
        threads: that the servers have which take part, if they have threads.
    """

    slow: str = "/slow/"
    fast: str = "/item/"
    rate: int = 0
    connections: int = 32
    threads: int = 8


MIXES = {
    "1 % sleep": Mix(),
    "1 % sleep, on the path of all": Mix(slow="/both/", fast="/both/"),
    "1 % sleep, 32 threads": Mix(threads=32),
    "1 % sleep, 2,000 requests a second": Mix(rate=2_000),
    "1 % sleep, on the path of all, 2,000 requests a second": Mix(slow="/both/", fast="/both/", rate=2_000),
    "1 % sleep, 5,000 requests a second": Mix(rate=5_000),
    "1 % sleep, on the path of all, 5,000 requests a second": Mix(slow="/both/", fast="/both/", rate=5_000),
}
"""The mixes, by their names."""


@frozen(kw_only=True)
class Waits:
    """What the requests waited, those that slept and those that did not.

    Attributes:
        fast: how many did not sleep.
        slow: how many did.
        p50: half of the fast were answered within so many milliseconds.
        p99: 99 of 100 of them.
        p999: 999 of 1000 of them.
        slow_p50: half of the slow.
        rate: answers per second, to both.
        errors: answers that were not what they should be, and connections that broke.
    """

    fast: int
    slow: int
    p50: float
    p99: float
    p999: float
    slow_p50: float
    rate: float
    errors: int


class Client:
    """Makes requests on connections that it keeps, and takes the time of each.

    Args:
        port: of the server.
        mix: what to ask for.
        open_connection: opens one connection.
    """

    def __init__(self, port: int, mix: Mix) -> None:
        self.times: dict[bool, list[float]] = {True: [], False: []}
        self.errors = 0
        self._port = port
        self._mix = mix
        dice = Random(1)
        self._slow = cycle([dice.random() * 100 < PERCENT for _ in range(100_003)])
        self._requests = {
            True: head(f"{mix.slow}?{MILLISECONDS}", "sessionid=slow", "1").encode(),
            False: head(mix.fast, "sessionid=fast", "2").encode(),
        }
        self._poller = select.epoll()
        self._connections: dict[int, socket.socket] = {}
        self._asked: dict[int, tuple[bool, float]] = {}
        self._received: dict[int, bytes] = {}

    def close(self) -> None:
        """Close all connections."""
        for connection in self._connections.values():
            connection.close()
        self._poller.close()

    def connect(self) -> int:
        """Open a connection, and return its number."""
        connection = socket.create_connection(("127.0.0.1", self._port), 5)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setblocking(False)
        self._connections[connection.fileno()] = connection
        self._poller.register(connection, select.EPOLLIN)
        return connection.fileno()

    def ask(self, number: int, since: float) -> None:
        """Make the next request; its time counts from a moment that may have passed."""
        slow = next(self._slow)
        self._asked[number] = slow, since
        self._received[number] = b""
        with suppress(OSError):  # if the connection is gone, that will be seen when it is read
            self._connections[number].send(self._requests[slow])

    def answered(self, wait: float) -> Iterator[int]:
        """Yield the connections that have their answers; one that broke stands for a new one."""
        for number, _ in self._poller.poll(wait):
            try:
                data = self._connections[number].recv(65_536)
            except OSError:
                data = b""
            received = self._received[number] = self._received.get(number, b"") + data
            if not data:
                yield self._replace(number)
            elif received.endswith(HELLO) and number in self._asked:
                slow, since = self._asked.pop(number)
                self.times[slow].append(perf_counter() - since)
                self.errors += not received.startswith(b"HTTP/1.1 200 ")
                yield number

    def _replace(self, number: int) -> int:
        self.errors += 1
        self._asked.pop(number, None)
        self._connections.pop(number).close()
        return self.connect()

    def closed_loop(self, seconds: float) -> None:
        """Make the next request of each connection when the last one is answered."""
        end = perf_counter() + seconds
        for _ in range(self._mix.connections):
            self.ask(self.connect(), perf_counter())
        while (now := perf_counter()) < end:
            for number in self.answered(end - now):
                self.ask(number, perf_counter())

    def paced(self, seconds: float) -> None:
        """Make requests at even intervals; one that finds no connection free waits, and that counts."""
        free = deque(self.connect() for _ in range(self._mix.connections))
        due = begin = perf_counter()
        while due < begin + seconds:
            now = perf_counter()
            while free and due <= now:
                self.ask(free.popleft(), due)
                due += 1 / self._mix.rate
            if now > begin + 3 * seconds:
                self.errors += round((begin + seconds - due) * self._mix.rate)  # that it will never come to
                return
            # Not until it is due: a time-out of epoll is whole milliseconds, more than what is measured.
            free.extend(self.answered(0 if free else seconds))


@contextmanager
def undisturbed() -> Generator[None]:
    """Collect no garbage meanwhile."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def milliseconds(times: list[float], part: int, of: int) -> float:
    """Return the time within which so many are, or 0 if there are none."""
    return quantiles(times, n=of)[part - 1] * 1000 if len(times) > 1 else 0


def measure_waits(port: int, mix: Mix, seconds: float) -> Waits:
    """Measure one server once."""
    with ExitStack() as stack:
        client = Client(port, mix)
        stack.callback(client.close)
        stack.enter_context(undisturbed())
        begin = perf_counter()
        (client.paced if mix.rate else client.closed_loop)(seconds)
        taken = perf_counter() - begin
    fast, slow = client.times[False], client.times[True]
    return Waits(
        fast=len(fast),
        slow=len(slow),
        p50=milliseconds(fast, 1, 2),
        p99=milliseconds(fast, 99, 100),
        p999=milliseconds(fast, 999, 1000),
        slow_p50=milliseconds(slow, 1, 2),
        rate=(len(fast) + len(slow)) / taken,
        errors=client.errors,
    )
