from __future__ import annotations

from collections.abc import Callable, Iterable
from io import BytesIO, StringIO
from typing import Any

import attrs
import pytest

from gatewright.handlers import BaseCGIHandler, SimpleHandler
from gatewright.types import WSGIApplication

MakeApp = Callable[..., WSGIApplication]


def make_handler(**settings: Any) -> SimpleHandler:
    """Return a handler over streams in memory."""
    return SimpleHandler(BytesIO(), BytesIO(), StringIO(), {"A": "1"}, **settings)


def test_hooks() -> None:
    """The hooks of a handler are the streams that it was given."""
    stdin, stdout, stderr = BytesIO(), BytesIO(), StringIO()
    handler = SimpleHandler(stdin, stdout, stderr, {})
    assert (handler.get_stdin(), handler.stdout, handler.get_stderr()) == (stdin, stdout, stderr)


@pytest.mark.parametrize("names", ["stdin stdout stderr environ multithread multiprocess"])
def test_parameters(names: str) -> None:
    """All parameters may be given by the names that wsgiref documents."""
    values: dict[str, Any] = {key: {} for key in names.split()}
    assert SimpleHandler(**values).base_env == {}


def test_flags() -> None:
    """A handler is multithreaded and in one process unless it is said otherwise."""
    handler = make_handler()
    assert (handler.wsgi_multithread, handler.wsgi_multiprocess) == (True, False)


def test_given_flags() -> None:
    """What is said goes into the environ."""
    handler = make_handler(multithread=False, multiprocess=True)
    handler.setup_environ()
    assert (handler.environ["wsgi.multithread"], handler.environ["wsgi.multiprocess"]) == (False, True)


def test_environ_is_added() -> None:
    """The environ that was given becomes part of each call's, and stays as it is."""
    handler = make_handler()
    handler.setup_environ()
    handler.environ["A"] = "2"
    assert handler.base_env == {"A": "1"}


@attrs.define(slots=False, eq=False)
class Named(BaseCGIHandler):
    sink: BytesIO
    name: str = "somebody"

    def __attrs_post_init__(self) -> None:
        BaseCGIHandler.__init__(self, BytesIO(), self.sink, StringIO(), {})


def test_attrs(make_app: MakeApp) -> None:
    """A subclass may be an attrs class that calls our __init__."""
    handler = Named(BytesIO())
    handler.run(make_app())
    assert handler.sink.getvalue().endswith(b"body")


class Trickle(BytesIO):
    """A stream that takes at most three bytes at a time."""

    def write(self, data: Any, /) -> int:
        """Write a part."""
        return super().write(data[:3])


def test_partial_write(make_app: MakeApp) -> None:
    """What the stream does not take at once is written again, with a warning (bpo-24291)."""
    sink = Trickle()
    with pytest.warns(DeprecationWarning, match="should not do partial writes"):
        BaseCGIHandler(BytesIO(), sink, StringIO(), {}).run(make_app((b"0123456789" * 10,), headers=[]))
    assert sink.getvalue() == b"Status: 200 OK\r\nContent-Length: 100\r\n\r\n" + b"0123456789" * 10


class Hesitant(BytesIO):
    """A stream that takes a part, then nothing, then the rest."""

    calls = 0

    def write(self, data: Any, /) -> int:
        """Write what it takes this time."""
        self.calls += 1
        return super().write(data[: {1: 2, 2: 0}.get(self.calls)])


def test_stream_that_takes_nothing_for_a_while(make_app: MakeApp) -> None:
    """A stream that takes no byte at times is asked again (bpo-24291)."""
    sink = Hesitant()
    with pytest.warns(DeprecationWarning, match="should not do partial writes"):
        BaseCGIHandler(BytesIO(), sink, StringIO(), {}).run(make_app(headers=[]))
    assert sink.getvalue() == b"Status: 200 OK\r\nContent-Length: 4\r\n\r\nbody"


class Silent(BytesIO):
    """A stream whose write() returns None, as some do that always take everything."""

    def write(self, data: Any, /) -> Any:
        """Write all."""
        super().write(data)


def test_write_that_returns_none(make_app: MakeApp) -> None:
    """None stands for all of the bytes."""
    sink = Silent()
    BaseCGIHandler(BytesIO(), sink, StringIO(), {}).run(make_app(headers=[]))
    assert sink.getvalue() == b"Status: 200 OK\r\nContent-Length: 4\r\n\r\nbody"


class FlushCounter(BytesIO):
    flushed_at: tuple[int, ...] = ()

    def flush(self) -> None:
        """Remember where."""
        self.flushed_at += (self.tell(),)


@pytest.mark.parametrize("result, flushed_at", [((b"a", b"b"), (19, 20)), ((), (37,)), ((b"a", b"", b"b"), (19, 20))])
def test_flushed(result: Iterable[bytes], flushed_at: tuple[int, ...], make_app: MakeApp) -> None:
    """Each block is sent before the next is asked for (rule S55), the head together with the first."""
    sink = FlushCounter()
    BaseCGIHandler(BytesIO(), sink, StringIO(), {}).run(make_app(result, headers=[]))
    assert sink.flushed_at == flushed_at
