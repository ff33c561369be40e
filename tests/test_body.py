"""Request bodies as input streams: bounded, decoded, and never shorter than they were declared without saying so."""

from __future__ import annotations

import io
import socket
from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st

from gatewright.body import ChunkedBody, RequestBody, open_body, store
from gatewright.errors import ClientDisconnected, RequestError
from gatewright.spec.framing import MAX_METADATA, NO_BODY, Framing

CHUNKED = Framing(chunked=True)
NEXT = b"GET /next HTTP/1.1\r\n"

Read = Callable[[RequestBody], object]

READERS: dict[str, Read] = {
    "read": lambda body: body.read(),
    "read(size)": lambda body: body.read(1000),
    "read(1)": lambda body: [body.read(1) for _ in range(1000)],
    "readline": lambda body: [body.readline() for _ in range(1000)],
    "readlines": lambda body: body.readlines(),
    "iteration": list,
}
every_way_to_read = pytest.mark.parametrize("read", READERS.values(), ids=READERS)


class Trickle(io.RawIOBase):
    """A connection that gives one byte at a time, then raises the given exception or ends."""

    def __init__(self, data: bytes, end: OSError | None = None) -> None:
        self._data = io.BytesIO(data)
        self._end = end

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]  # what BufferedReader gives
        byte = self._data.read(1)
        if not byte and self._end:
            raise self._end
        buffer[: len(byte)] = byte
        return len(byte)


def connection(data: bytes) -> io.BufferedReader:
    """Return a file as a connection's: buffered, with more to come behind the body."""
    return io.BufferedReader(io.BytesIO(data))


def chunks(*parts: bytes, trailers: bytes = b"") -> bytes:
    """Encode a chunked body."""
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (*parts,)) + b"0\r\n" + trailers + b"\r\n"


def test_no_body() -> None:
    """A request without a body has an empty stream, whatever follows on the connection."""
    assert open_body(connection(NEXT), NO_BODY).read() == b""


def test_ends_at_length() -> None:
    """A body of known length ends there."""
    assert open_body(connection(b"abc" + NEXT), Framing(3)).read() == b"abc"


def test_connection_stands_behind_body() -> None:
    """What follows the body stays in the connection's file."""
    file = connection(b"abc" + NEXT)
    open_body(file, Framing(3)).read()
    assert file.readline() == NEXT


def test_read_after_the_end() -> None:
    """The end of the stream is the same at every further read."""
    body = open_body(connection(b"abc" + NEXT), Framing(3))
    assert [body.read(2), body.read(2), body.read(2), body.read()] == [b"ab", b"c", b"", b""]


def test_lines() -> None:
    """Lines end at LF or at the end of the body."""
    assert list(open_body(connection(b"a\nb\nc" + NEXT), Framing(5))) == [b"a\n", b"b\n", b"c"]


def test_readline_with_size() -> None:
    """A line is read in pieces (rule S39)."""
    body = open_body(connection(b"abcd\nef"), Framing(7))
    assert [body.readline(3), body.readline(3), body.readline()] == [b"abc", b"d\n", b"ef"]


def test_declared_but_endless() -> None:
    """A huge declared length allocates nothing before the bytes are there."""
    with pytest.raises(ClientDisconnected):
        open_body(connection(b"abc"), Framing(10**18 - 1)).read()


def test_close_leaves_connection() -> None:
    """Closing the body does not close the connection's file."""
    file = connection(b"abc" + NEXT)
    open_body(file, Framing(3)).close()
    assert not file.closed


@every_way_to_read
def test_cut_short(read: Read) -> None:
    """A body that is cut short raises at every way to read, and never ends quietly."""
    with pytest.raises(ClientDisconnected):
        read(open_body(connection(b"a\nb"), Framing(9)))


@every_way_to_read
def test_cut_short_in_chunk(read: Read) -> None:
    """A chunked body that is cut short raises at every way to read."""
    with pytest.raises(ClientDisconnected):
        read(open_body(connection(b"9\r\na\nb"), CHUNKED))


@every_way_to_read
def test_malformed_chunk(read: Read) -> None:
    """A malformed chunk raises at every way to read."""
    with pytest.raises(RequestError):
        read(open_body(connection(b"3\r\na\nb\r\n+3\r\nabc\r\n0\r\n\r\n"), CHUNKED))


def test_failure_is_for_ever() -> None:
    """After a malformed chunk nothing further is parsed: the next read raises too."""
    body = open_body(connection(b"x\r\n" + chunks(b"abc")), CHUNKED)
    with pytest.raises(RequestError):
        body.read()
    with pytest.raises(RequestError):
        body.read()


def test_failure_is_known() -> None:
    """What a read raised can be asked for afterwards, though the application may have caught it."""
    body = open_body(connection(b"x\r\n"), CHUNKED)
    with pytest.raises(RequestError) as raised:
        body.read()
    assert body.failure is raised.value


@pytest.mark.parametrize("end, code", [(TimeoutError("silent"), 408), (ConnectionResetError("reset"), 400)])
def test_time_out_and_reset(end: OSError, code: int) -> None:
    """Time-outs and resets of the connection are a client that went away, with the code to answer."""
    with pytest.raises(ClientDisconnected) as raised:
        open_body(io.BufferedReader(Trickle(b"ab", end)), Framing(3)).read()
    assert raised.value.code == code


def test_chunked() -> None:
    """A chunked body is decoded."""
    assert open_body(connection(chunks(b"abc", b"d" * 300) + NEXT), CHUNKED).read() == b"abc" + b"d" * 300


def test_chunked_byte_by_byte() -> None:
    """A chunked body that comes one byte at a time is the same."""
    assert open_body(io.BufferedReader(Trickle(chunks(b"abc", b"de"))), CHUNKED).read() == b"abcde"


def test_connection_stands_behind_chunks() -> None:
    """What follows a chunked body and its trailers stays in the connection's file."""
    file = connection(chunks(b"abc", trailers=b"X-Sum: 1\r\nX-More: 2\r\n") + NEXT)
    open_body(file, CHUNKED).read()
    assert file.readline() == NEXT


def test_chunk_is_available_before_the_next() -> None:
    """Data of a chunk is handed out although nothing after it has come yet."""
    client, server = socket.socketpair()
    with client, server, server.makefile("rb") as file:
        server.settimeout(10)
        client.sendall(b"3\r\nabc")
        assert open_body(file, CHUNKED).read1(10) == b"abc"


@pytest.mark.parametrize(
    "encoded",
    [
        b"\r\n",
        b"3\nabc\r\n0\r\n\r\n",
        b"3\r\nabc\n0\r\n\r\n",
        b"3\r\nabcXX0\r\n\r\n",
        b"3\r\nabcd\r\n0\r\n\r\n",
        b"3\r\nabc\r\nXX0\r\n\r\n",
        b"3\r\nabc\r\n0\n\r\n",
        b"3\r\nabc\r\n0\r\n\n",
        b"3\r\nabc\r\n0\r\nno colon\r\n\r\n",
        b"3\r\nabc\r\n0\r\nContent-Length: 3\r\n\r\n",
        b"3\r\nabc\r\n0\r\nHOST: x\r\n\r\n",
        b"3\r\nabc\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"3\r\nabc\r\n0\r\n X: folded\r\n\r\n",
    ],
)
def test_malformed_chunks(encoded: bytes) -> None:
    """Bare LF, data without its CRLF, and malformed or forbidden trailers are refused."""
    with pytest.raises(RequestError, match="400") as raised:
        open_body(connection(encoded + NEXT), CHUNKED).read()
    assert not isinstance(raised.value, ClientDisconnected)


@pytest.mark.parametrize("cut", range(len(chunks(b"abc", trailers=b"X: y\r\n"))))
def test_chunks_cut_anywhere(cut: int) -> None:
    """A chunked body that is cut anywhere, its very last byte included, is not complete."""
    with pytest.raises(ClientDisconnected):
        open_body(connection(chunks(b"abc", trailers=b"X: y\r\n")[:cut]), CHUNKED).read()


@pytest.mark.parametrize(
    "encoded",
    [
        b"1;" + b"x" * MAX_METADATA + b"\r\na\r\n0\r\n\r\n",
        b"1;xxxxxxx\r\na\r\n" * (MAX_METADATA // 8) + b"0\r\n\r\n",
        b"0\r\n" + b"X: y\r\n" * (MAX_METADATA // 6 + 1) + b"\r\n",
        b"0\r\nX: " + b"y" * MAX_METADATA + b"\r\n\r\n",
    ],
)
def test_metadata_flood(encoded: bytes) -> None:
    """Extensions and trailers without end are refused."""
    with pytest.raises(RequestError):
        open_body(connection(encoded), CHUNKED).read()


def test_some_metadata() -> None:
    """Extensions and trailers within bounds are skipped."""
    encoded = b"1;a=b\r\nx\r\n" * 100 + b"0;c\r\nX: y\r\n\r\n"
    assert open_body(connection(encoded), CHUNKED).read() == b"x" * 100


@pytest.mark.parametrize("data, framing", [(b"abcdef", Framing(6)), (chunks(b"abc", b"def"), CHUNKED)])
def test_drain(data: bytes, framing: Framing) -> None:
    """The unread rest is skipped, and the connection stands at the next request."""
    file = connection(data + NEXT)
    body = open_body(file, framing)
    body.read(2)
    assert body.drain(100)
    assert file.readline() == NEXT


@pytest.mark.parametrize("data, framing", [(b"abcdef", Framing(6)), (chunks(b"abc", b"def"), CHUNKED)])
def test_drain_after_close(data: bytes, framing: Framing) -> None:
    """The rest is skipped although the application closed its input."""
    body = open_body(connection(data + NEXT), framing)
    body.close()
    assert body.drain(100)


def test_drain_up_to_the_limit() -> None:
    """A rest of exactly the limit is skipped."""
    assert open_body(connection(b"abcdef"), Framing(6)).drain(6)


@pytest.mark.parametrize("data, framing", [(b"abcdef", Framing(6)), (chunks(b"abc", b"def"), CHUNKED)])
def test_drain_beyond_the_limit(data: bytes, framing: Framing) -> None:
    """A rest longer than the limit is not skipped: the connection cannot be used again."""
    assert not open_body(connection(data + NEXT), framing).drain(5)


def test_drain_of_a_long_body_reads_nothing() -> None:
    """A body that says that it is too long is not even touched."""
    file = connection(b"abcdef")
    open_body(file, Framing(6)).drain(5)
    assert file.read() == b"abcdef"


@pytest.mark.parametrize("data, framing", [(b"abc", Framing(6)), (b"3\r\nabc\r\n", CHUNKED), (b"x\r\n", CHUNKED)])
def test_drain_of_a_broken_body(data: bytes, framing: Framing) -> None:
    """After a body that is cut short or malformed the connection cannot be used again."""
    assert not open_body(connection(data), framing).drain(100)


@pytest.mark.parametrize("data, framing", [(b"abc", Framing(3)), (chunks(b"abc"), CHUNKED)])
def test_is_at_end(data: bytes, framing: Framing) -> None:
    """A body is at its end once all of it was taken from the connection, and not before."""
    body = open_body(connection(data), framing)
    assert not body.is_at_end()
    body.read()
    assert body.is_at_end()


@pytest.mark.parametrize("size", [0, 10, 3_000_000])
def test_store(size: int) -> None:
    """A stored body is a file at its start, of known length, in memory or not."""
    file, length = store(open_body(connection(chunks(b"x" * size) if size else chunks()), CHUNKED), 3_000_000)
    with file:
        assert (length, file.read()) == (size, b"x" * size)


def test_stored_lines() -> None:
    """A stored body has lines."""
    file, _ = store(open_body(connection(chunks(b"a\nb", b"c\n")), CHUNKED), 100)
    with file:
        assert [file.readline(), *file] == [b"a\n", b"bc\n"]


def test_store_beyond_the_limit() -> None:
    """A body that is longer than may be is refused, and not read any further."""
    with pytest.raises(RequestError, match="413"):
        store(open_body(connection(chunks(b"x" * 11)), CHUNKED), 10)


def test_store_of_a_broken_body() -> None:
    """A body that cannot be read is not stored."""
    with pytest.raises(ClientDisconnected):
        store(open_body(connection(b"3\r\na"), CHUNKED), 10)


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=8), st.integers(1, 60))
def test_chunks_round_trip(parts: list[bytes], size: int) -> None:
    """What was cut into chunks is read whole, in pieces of any size."""
    body = open_body(connection(chunks(*parts)), CHUNKED)
    assert b"".join(iter(lambda: body.read(size), b"")) == b"".join(parts)


@given(st.binary(max_size=60))
def test_any_bytes_as_chunks(data: bytes) -> None:
    """Whatever is sent, the body is read to its end or a RequestError says why not."""
    body = RequestBody(ChunkedBody(connection(data)))
    try:
        body.read()
    except RequestError:
        return
    assert body.is_at_end()
