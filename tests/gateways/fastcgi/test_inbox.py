from __future__ import annotations

from hypothesis import given, strategies as st

from gatewright.gateways.fastcgi.inbox import Inbox

PARTS = st.one_of(st.binary(min_size=1, max_size=20), st.integers(1, 100_000).map(lambda size: b"x" * size))


@given(st.lists(st.one_of(st.none(), PARTS), max_size=12), st.booleans())
def test_first_in_first_out(steps: list[bytes | None], spool: bool) -> None:
    """What is put in comes out in its order, from memory or from a file; None is a take."""
    inbox, put, taken = Inbox(), b"", b""
    for step in steps:
        if step is None:
            taken += inbox.take()
        else:
            inbox.put(step, spool=spool)
            put += step
        assert inbox.size + inbox.spooled == len(put) - len(taken)
        assert bool(inbox) == (len(put) > len(taken))
    assert taken + inbox.take_all() == put
    inbox.close()


def test_memory_is_bounded() -> None:
    """Beyond 64 KiB parts go into a file, and all after them until it was read."""
    inbox = Inbox()
    for _ in range(3):
        inbox.put(b"x" * 40_000, spool=True)
    assert (inbox.size, inbox.spooled) == (40_000, 80_000)
    inbox.close()
    assert (inbox.size, inbox.spooled, inbox.take()) == (0, 0, b"")
