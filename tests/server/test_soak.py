"""Requests by the thousand: what they leave behind, and how many connections there may be meanwhile."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator

import pytest
from idle_connections import BROWSER, GET, connections, latencies
from soak import RARE, USUAL, Soak, Step, resident, served

MANY = 1000


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[tuple[str, int], int]]:
    """Run a server that a soak can talk to."""
    with served("soak:application", "--threads", "2") as found:
        yield found


@pytest.fixture
def soak(server: tuple[tuple[str, int], int]) -> Iterator[Soak]:
    """Talk to the server."""
    soak = Soak(server[0])
    yield soak
    soak.close()


# Names that nobody knows are remembered, up to some number: they are none of these.
KINDS = {kind: make for kind, make in {**USUAL, **RARE}.items() if kind != "invented field"}


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_left(soak: Soak, kind: str) -> None:
    """No kind of request, whole or not, leaves a single object behind.

    What each request left would be there after each round.  What a call that was overtaken makes for the first time, on
    a busy machine, is not; nor is what coverage notes of it.
    """
    steps = [KINDS[kind](number) for number in range(300)]

    def growth() -> int:
        before = min(soak.memory() for _ in range(5))
        soak.take(steps)
        # The server may not have seen yet that the last clients have left.
        return min(soak.memory() for _ in range(20)) - before

    soak.take(steps)
    assert any(growth() < len(steps) / 2 for _ in range(10))


def test_memory_is_flat(server: tuple[tuple[str, int], int], soak: Soak) -> None:
    """Memory and descriptors are flat over 100,000 requests on connections that are kept (case 69)."""
    (_, worker), plain = server, [Step(BROWSER)] * 10_000

    def use() -> tuple[int, int]:
        return soak.memory(), resident(worker)

    def descriptors() -> int:
        soak.memory()  # which takes the server's time to see who has left
        return len(os.listdir(f"/proc/{worker}/fd"))

    soak.take(plain)
    soak.run(0, 3000)
    before, held = use(), min(descriptors() for _ in range(5))
    for _ in range(9):
        soak.take(plain)
    soak.run(3000, 10_000)
    blocks, memory = (after - first for after, first in zip(use(), before, strict=True))
    assert (blocks < 5000, memory < 8192) == (True, True), (blocks, memory)
    assert any(descriptors() <= held for _ in range(100))  # as above


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    """Allow for as many connections as are to be made, here and in processes that are started."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < MANY + 200:
        pytest.skip(f"{hard} descriptors are too few")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, MANY + 200), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many_descriptors")
def test_idle_connections() -> None:
    """A thousand idle connections hold some KiB each; others are served meanwhile, and so are they when they ask."""
    with served("idle_connections:application", "--threads", "2", "--keep-alive", "600") as (address, worker):
        latencies(address, 100)
        before = resident(worker)
        held = connections(address, MANY, BROWSER)
        latencies(address, 100)
        each = (resident(worker) - before) / MANY
        for sock in held:
            sock.sendall(GET)
        answers = {sock.recv(1000)[:13] for sock in held}
        for sock in held:
            sock.close()
    assert (answers, each < 8) == ({b"HTTP/1.1 200 "}, True)
