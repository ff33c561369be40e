from __future__ import annotations

import gzip
import os
import socket
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO, StringIO
from pathlib import Path
from tempfile import TemporaryFile
from threading import Thread
from typing import IO, Any

import pytest

from gatewright.handlers import BaseCGIHandler, FileWrapperMixin, SendfileMixin
from gatewright.types import StartResponse, WSGIApplication
from gatewright.util import FileWrapper, setup_testing_defaults
from gatewright.validate import validator

LARGE = 3_000_000  # more than any socket buffer holds

needs_sendfile = pytest.mark.skipif(not hasattr(os, "sendfile"), reason="this system has no sendfile()")


class SendfileHandler(SendfileMixin, BaseCGIHandler):
    """A handler that counts how many files went out by sendfile()."""

    files_sent = 0

    def sendfile(self) -> bool:
        sent = super().sendfile()
        self.files_sent += sent
        return sent


class Peer:
    """The client's side of a socket pair, read in a thread so that a full buffer empties at some time."""

    def __init__(self) -> None:
        self.server, self.client = socket.socketpair()
        self.received = bytearray()
        self.thread = Thread(target=self.read, daemon=True)

    def read(self) -> None:
        """Read until the other side closes."""
        while data := self.client.recv(65536):
            self.received += data

    def serve(self, app: WSGIApplication, method: str = "GET", *, blocking: bool = True) -> tuple[bytes, int, str]:
        """Run the application; return what the client got, how many files went out by sendfile() and the log."""
        log = StringIO()
        environ: dict[str, Any] = {"REQUEST_METHOD": method}
        setup_testing_defaults(environ)
        self.thread.start()
        with self.server.makefile("wb", buffering=8192) as sink:
            self.server.setblocking(blocking)
            handler = SendfileHandler(BytesIO(), sink, log, environ)
            handler.run(app)
        self.server.close()
        self.thread.join(20)
        return bytes(self.received), handler.files_sent, log.getvalue()


@pytest.fixture
def peer() -> Iterator[Peer]:
    """Return a connected pair of sockets."""
    peer = Peer()
    yield peer
    peer.server.close()
    peer.client.close()


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """Return a file of ten bytes."""
    path = tmp_path / "content"
    path.write_bytes(b"0123456789")
    return path


def sending(file: Any, *headers: tuple[str, str], status: str = "200 OK") -> WSGIApplication:
    """Make an application that returns the file, wrapped."""

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response(status, list(headers))
        return environ["wsgi.file_wrapper"](file)  # type: ignore[no-any-return]  # environ holds Any

    return app


# --- Recognising files ----------------------------------------------------------------------------------------------


class Recogniser(FileWrapperMixin):
    pass


def result_is_file(result: Any, wrapper: Any = FileWrapper) -> bool:
    """Return what a handler with this wsgi_file_wrapper says of the result."""
    handler = Recogniser()
    handler.result, handler.wsgi_file_wrapper = result, wrapper
    return handler.result_is_file()


def test_wrapper_is_file() -> None:
    """What wsgi.file_wrapper made is a file (rule S75)."""
    assert result_is_file(FileWrapper(BytesIO()))


@pytest.mark.parametrize(
    "result, wrapper",
    [
        ([b"body"], FileWrapper),
        (BytesIO(), FileWrapper),
        (None, FileWrapper),
        (FileWrapper(BytesIO()), None),
        (FileWrapper(BytesIO()), iter),
    ],
    ids=["list", "file", "None", "no wrapper", "function"],
)
def test_is_no_file(result: Any, wrapper: Any) -> None:
    """Anything else is not, and nothing is where the wrapper is none or no class."""
    assert not result_is_file(result, wrapper)


def test_base_sends_nothing() -> None:
    """Without a way of its own a handler has files iterated over."""
    assert FileWrapperMixin().sendfile() is False


def test_own_sendfile() -> None:
    """A subclass that sends files its own way is asked to, for files only."""
    sink = BytesIO()

    class Handler(BaseCGIHandler):
        def sendfile(self) -> bool:
            self.send_headers()
            sink.write(b"<the file>")
            return True

    Handler(BytesIO(), sink, StringIO(), {}).run(sending(BytesIO(b"content")))
    assert sink.getvalue() == b"Status: 200 OK\r\n\r\n<the file>"


# --- os.sendfile ----------------------------------------------------------------------------------------------------


@needs_sendfile
def test_sendfile(peer: Peer, content: Path) -> None:
    """A file is sent by sendfile(), and its length is said."""
    with content.open("rb") as file:
        answer = peer.serve(sending(file))
    assert answer == (b"Status: 200 OK\r\nContent-Length: 10\r\n\r\n0123456789", 1, "")


@needs_sendfile
def test_from_its_position(peer: Peer, content: Path) -> None:
    """A file is sent from where it stands, buffered or not (rule S78)."""
    with content.open("rb") as file:
        file.read(4)
        answer = peer.serve(sending(file))
    assert answer == (b"Status: 200 OK\r\nContent-Length: 6\r\n\r\n456789", 1, "")


@needs_sendfile
def test_up_to_its_content_length(peer: Peer, content: Path) -> None:
    """A Content-Length that is smaller ends the body (rule S78)."""
    with content.open("rb") as file:
        answer = peer.serve(sending(file, ("Content-Length", "3")))
    assert answer == (b"Status: 200 OK\r\nContent-Length: 3\r\n\r\n012", 1, "")


@needs_sendfile
def test_shorter_than_its_content_length(peer: Peer, content: Path, rules_in: Callable[[str], list[str]]) -> None:
    """A Content-Length that is larger than the file is logged (A41)."""
    with content.open("rb") as file:
        sent, _, log = peer.serve(sending(file, ("Content-Length", "11")))
    assert (sent[-12:], rules_in(log)) == (b"\r\n0123456789", ["A41"])


@needs_sendfile
def test_head(peer: Peer, content: Path) -> None:
    """HEAD is told the length of the file and sent nothing of it."""
    with content.open("rb") as file:
        answer = peer.serve(sending(file), "HEAD")
    assert answer == (b"Status: 200 OK\r\nContent-Length: 10\r\n\r\n", 1, "")


@needs_sendfile
def test_without_content(peer: Peer, content: Path) -> None:
    """A status that forbids content has none sent."""
    with content.open("rb") as file:
        answer = peer.serve(sending(file, status="204 No Content"))
    assert answer == (b"Status: 204 No Content\r\n\r\n", 1, "")


@needs_sendfile
def test_unbuffered(peer: Peer, content: Path) -> None:
    """An unbuffered file is sent in the same way."""
    with content.open("rb", buffering=0) as file:
        assert peer.serve(sending(file))[1] == 1


@needs_sendfile
def test_temporary_file(peer: Peer) -> None:
    """So is a temporary one."""
    with TemporaryFile() as file:
        file.write(b"content")
        file.seek(0)
        answer = peer.serve(sending(file))
    assert answer == (b"Status: 200 OK\r\nContent-Length: 7\r\n\r\ncontent", 1, "")


@needs_sendfile
@pytest.mark.parametrize("blocking", [True, False], ids=["blocking", "not blocking"])
def test_large(peer: Peer, tmp_path: Path, blocking: bool) -> None:
    """A file that is larger than the socket's buffer is sent whole, whether the socket blocks or not."""
    path = tmp_path / "large"
    path.write_bytes(bytes(range(250)) * (LARGE // 250))
    with path.open("rb") as file:
        sent, count, log = peer.serve(sending(file), blocking=blocking)
    assert (sent.partition(b"\r\n\r\n")[2] == path.read_bytes(), count, log) == (True, 1, "")


@needs_sendfile
def test_written_before(peer: Peer, content: Path) -> None:
    """What was written by write() comes before the file."""

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])(b"first ")
        return environ["wsgi.file_wrapper"](content.open("rb"))  # type: ignore[no-any-return]  # environ holds Any

    assert peer.serve(app) == (b"Status: 200 OK\r\n\r\nfirst 0123456789", 1, "")


@needs_sendfile
def test_through_the_validator(peer: Peer, content: Path) -> None:
    """The validator hands the file on as it is, so that it is still sent by sendfile() (rule S60)."""
    with content.open("rb") as file:
        sent, count, log = peer.serve(validator(sending(file, ("Content-Type", "text/plain"))))
    assert (sent[-10:], count, log) == (b"0123456789", 1, "")


@needs_sendfile
def test_file_is_closed(peer: Peer, content: Path) -> None:
    """A file that was sent is closed (rule S58)."""
    file = content.open("rb")
    peer.serve(sending(file))
    assert file.closed


@needs_sendfile
def test_client_leaves(content: Path) -> None:
    """A client that leaves amid the file is nobody's error, and the file is closed."""
    peer, file, log = Peer(), content.open("rb"), StringIO()

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        peer.client.close()
        return sending(file)(environ, start_response)

    with peer.server, peer.server.makefile("wb", buffering=0) as sink:
        SendfileHandler(BytesIO(), sink, log, {}).run(app)
    assert (log.getvalue(), file.closed) == ("", True)


class UnwritableDescriptor:
    """A sink whose head goes through and whose descriptor is that of a socket without a peer."""

    def __init__(self) -> None:
        self.head = BytesIO()
        self.socket, other = socket.socketpair()
        other.close()

    def write(self, data: bytes, /) -> int:
        """Keep the head."""
        return self.head.write(data)

    def flush(self) -> None:
        """Do nothing."""

    def fileno(self) -> int:
        """Return the descriptor."""
        return self.socket.fileno()


@needs_sendfile
def test_client_leaves_after_the_head(content: Path) -> None:
    """A loss that only sendfile() notices is silent too."""
    sink, log = UnwritableDescriptor(), StringIO()
    with sink.socket, content.open("rb") as file:
        SendfileHandler(BytesIO(), sink, log, {}).run(sending(file))
    assert (sink.head.getvalue()[:14], log.getvalue()) == (b"Status: 200 OK", "")


# --- What is iterated over instead ----------------------------------------------------------------------------------


def pipe_with(data: bytes) -> IO[bytes]:
    """Return the reading side of a pipe that holds the data."""
    reading, writing = os.pipe()
    os.write(writing, data)
    os.close(writing)
    return os.fdopen(reading, "rb")


class Reader:
    """A file with read() only."""

    def __init__(self) -> None:
        self.blocks = [b"0123456789", b""]

    def read(self, size: int = -1, /) -> bytes:
        """Return the next block."""
        return self.blocks.pop(0)


OPEN: dict[str, Callable[[], Any]] = {
    "memory": lambda: BytesIO(b"0123456789"),
    "reader": Reader,
    "pipe": lambda: pipe_with(b"0123456789"),
}


@pytest.mark.parametrize("kind", OPEN)
def test_iterated_over(kind: str, peer: Peer) -> None:
    """What is no regular file is iterated over (rule S77)."""
    assert peer.serve(sending(OPEN[kind]())) == (b"Status: 200 OK\r\n\r\n0123456789", 0, "")


def test_compressed_file(peer: Peer, tmp_path: Path) -> None:
    """A file whose descriptor holds other bytes than read() gives is iterated over (rule S77)."""
    path = tmp_path / "content.gz"
    path.write_bytes(gzip.compress(b"0123456789"))
    with gzip.open(path) as file:
        assert peer.serve(sending(file)) == (b"Status: 200 OK\r\n\r\n0123456789", 0, "")


def test_empty_file(peer: Peer, tmp_path: Path) -> None:
    """An empty file is a body of no bytes."""
    (tmp_path / "empty").touch()
    answer = peer.serve(sending((tmp_path / "empty").open("rb")))
    assert answer == (b"Status: 200 OK\r\nContent-Length: 0\r\n\r\n", 0, "")


def run_in_memory(app: WSGIApplication) -> bytes:
    """Return what a handler sends that has no descriptor to send to."""
    sink = BytesIO()
    SendfileHandler(BytesIO(), sink, StringIO(), {}).run(app)
    return sink.getvalue()


def test_no_descriptor(content: Path) -> None:
    """Where the response goes to memory the file is iterated over."""
    assert run_in_memory(sending(content.open("rb"))) == b"Status: 200 OK\r\n\r\n0123456789"


def test_no_sendfile(content: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system has no sendfile() the file is iterated over."""
    monkeypatch.delattr(os, "sendfile", raising=False)
    assert run_in_memory(sending(content.open("rb"))) == b"Status: 200 OK\r\n\r\n0123456789"


def test_not_started(peer: Peer, content: Path, rules_in: Callable[[str], list[str]]) -> None:
    """A file without start_response() leads to the error page (A05, A06)."""

    def app(environ: dict[str, Any], _: StartResponse) -> Iterable[bytes]:
        return environ["wsgi.file_wrapper"](content.open("rb"))  # type: ignore[no-any-return]  # environ holds Any

    sent, _, log = peer.serve(app)
    assert (sent[:11], rules_in(log)[0] in ("A05", "A06")) == (b"Status: 500", True)


@needs_sendfile
def test_file_is_cut_meanwhile(peer: Peer, content: Path, monkeypatch: pytest.MonkeyPatch, rules_in: Any) -> None:
    """A file that shrinks while it is sent ends the body, and what is missing is logged (A41)."""

    def send_nothing(_sink: int, _source: int, _offset: int, _count: int) -> int:
        return 0

    monkeypatch.setattr(os, "sendfile", send_nothing)
    with content.open("rb") as file:
        sent, _, log = peer.serve(sending(file))
    assert (sent.partition(b"\r\n\r\n")[2], rules_in(log)) == (b"", ["A41"])
