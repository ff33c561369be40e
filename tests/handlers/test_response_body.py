from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from io import BytesIO, StringIO
from typing import Any

import pytest
from hypothesis import given, strategies as st

from gatewright.handlers import SimpleHandler
from gatewright.types import StartResponse, WSGIApplication

MakeApp = Callable[..., WSGIApplication]
Respond = Callable[..., tuple[bytes, str]]
RulesIn = Callable[[str], list[str]]

WITHOUT_CONTENT = ["100 Continue", "103 Early Hints", "204 No Content", "304 Not Modified"]
LENGTH = b"Content-Length: "


def body_of(sent: bytes) -> bytes:
    """Return what follows the head."""
    return sent.partition(b"\r\n\r\n")[2]


# --- Content-Length -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["200 OK", "404 Not Found", "500 Oops", "205 Reset Content"])
@pytest.mark.parametrize("result", [(), (b"",), (b"", b"")], ids=["empty", "empty block", "empty blocks"])
def test_no_body(status: str, result: Any, make_app: MakeApp, respond: Respond) -> None:
    """A response without a body says that its length is 0."""
    assert respond(make_app(result, status, []))[0] == f"Status: {status}\r\nContent-Length: 0\r\n\r\n".encode()


@pytest.mark.parametrize("status", WITHOUT_CONTENT)
def test_no_length(status: str, make_app: MakeApp, respond: Respond) -> None:
    """A response that never has content says nothing about its length (cpython#62299)."""
    assert respond(make_app((), status, [])) == (f"Status: {status}\r\n\r\n".encode(), "")


@pytest.mark.parametrize(
    "status, kept", [("304 Not Modified", True), ("204 No Content", False), ("100 Continue", False)]
)
def test_own_length(status: str, kept: bool, make_app: MakeApp, respond: Respond) -> None:
    """A Content-Length of the application's is kept for a 304 and dropped where it may not stand (cpython#62299)."""
    sent, log = respond(make_app((), status, [("Content-Length", "7")]))
    assert (LENGTH + b"7" in sent, log) == (kept, "")


def test_one_block(make_app: MakeApp, respond: Respond) -> None:
    """The length of a list of one block is known (rule S57)."""
    assert LENGTH + b"4\r\n" in respond(make_app((b"body",)))[0]


class Sized:
    """An iterable whose __len__() is wrong or no use at all."""

    def __init__(self, length: int | Exception, *blocks: bytes) -> None:
        self.length, self.blocks = length, blocks

    def __len__(self) -> int:
        if isinstance(self.length, Exception):
            raise self.length
        return self.length

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.blocks)


@pytest.mark.parametrize(
    "result",
    [
        (b"bo", b"dy"),
        iter([b"body"]),
        Sized(2, b"body"),
        Sized(NotImplementedError(), b"body"),
        Sized(TypeError(), b"body"),
    ],
    ids=["two", "iterator", "two to come", "not implemented", "unsized"],
)
def test_unknown_length(result: Any, make_app: MakeApp, respond: Respond) -> None:
    """Any other length is unknown when the head is sent; it is left out."""
    assert respond(make_app(result, headers=[]))[0] == b"Status: 200 OK\r\n\r\nbody"


def test_wrong_len(make_app: MakeApp, respond: Respond, rules_in: RulesIn) -> None:
    """An iterable that says it has one block and yields two is cut after the first, and the log says why (rule A10)."""
    sent, log = respond(make_app(Sized(1, b"one", b"two")))
    assert (body_of(sent), rules_in(log)) == (b"one", ["A41"])


def test_len_raises(make_app: MakeApp, respond: Respond) -> None:
    """Any other error in __len__() is the application's."""
    sent, log = respond(make_app(Sized(ZeroDivisionError(), b"body")))
    assert (sent[:11], "ZeroDivisionError" in log) == (b"Status: 500", True)


def test_too_long(make_app: MakeApp, respond: Respond, rules_in: RulesIn) -> None:
    """What goes beyond the Content-Length is cut off and logged (rule S61)."""
    sent, log = respond(make_app((b"bo", b"dy and more", b"never"), headers=[("Content-Length", "4")]))
    assert (body_of(sent), rules_in(log)) == (b"body", ["A41"])


def test_too_short(make_app: MakeApp, respond: Respond, rules_in: RulesIn) -> None:
    """What is missing from the Content-Length is logged, in one line (rule S62)."""
    sent, log = respond(make_app((b"bo", b"d"), headers=[("Content-Length", "4")]))
    assert (body_of(sent), rules_in(log), log.count("\n")) == (b"bod", ["A41"], 1)


def test_nothing_of_it(make_app: MakeApp, respond: Respond, rules_in: RulesIn) -> None:
    """A body of which nothing comes is too short as well."""
    assert rules_in(respond(make_app((), headers=[("Content-Length", "4")]))[1]) == ["A41"]


@pytest.mark.parametrize(
    "lengths", [["4", "4"], ["4", "5"], ["abc"], ["-1"], ["+4"], ["1_0"], ["4, 4"], [""], ["\xb2"]]
)
def test_invalid_length(lengths: list[str], make_app: MakeApp, respond: Respond, rules_in: RulesIn) -> None:
    """A Content-Length that is not one decimal number is never sent (cpython#103204)."""
    sent, log = respond(make_app(headers=[("Content-Length", value) for value in lengths]))
    assert (sent[:11], rules_in(log)) == (b"Status: 500", ["A41"])


def test_absurd_length(make_app: MakeApp, respond: Respond) -> None:
    """A number that Python itself refuses to read leads to the error page."""
    assert respond(make_app(headers=[("Content-Length", "9" * 5000)]))[0].startswith(b"Status: 500")


@pytest.mark.parametrize("name", ["content-length", "CONTENT-LENGTH"])
def test_length_in_any_case(name: str, make_app: MakeApp, respond: Respond) -> None:
    """A Content-Length is seen whatever its case, and not added to (rule S51)."""
    sent, _ = respond(make_app(headers=[(name, "4")]))
    assert sent == f"Status: 200 OK\r\n{name}: 4\r\n\r\nbody".encode()


# --- No content -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", WITHOUT_CONTENT)
@pytest.mark.parametrize("headers", [[], [("Content-Length", "4")]], ids=["no length", "length"])
def test_status_without_content(status: str, headers: Any, make_app: MakeApp, respond: Respond) -> None:
    """No body is sent where the status forbids it, whatever the application yields, and nothing is logged."""
    sent, log = respond(make_app((b"body", b"more"), status, headers))
    assert (body_of(sent), log) == (b"", "")


def test_head(make_app: MakeApp, respond: Respond) -> None:
    """The answer to HEAD is that to GET without its body: the length is that of the body."""
    assert respond(make_app(headers=[]), REQUEST_METHOD="HEAD") == (b"Status: 200 OK\r\nContent-Length: 4\r\n\r\n", "")


@pytest.mark.parametrize("headers", [[], [("Content-Length", "7")]], ids=["no length", "length"])
def test_head_of_nothing(headers: Any, make_app: MakeApp, respond: Respond) -> None:
    """An application that leaves the body of HEAD out is not blamed, and no length is made up for it."""
    sent, log = respond(make_app((), headers=headers), REQUEST_METHOD="HEAD")
    assert (LENGTH + b"0" in sent, body_of(sent), log) == (False, b"", "")


@pytest.mark.parametrize("variables, status", [({"REQUEST_METHOD": "HEAD"}, "200 OK"), ({}, "304 Not Modified")])
def test_stops_early(variables: dict[str, str], status: str, make_app: MakeApp, respond: Respond) -> None:
    """Where no body is sent none is asked for beyond the first block."""
    blocks = iter([b"", b"first", b"second", b"third"])
    respond(make_app(blocks, status), **variables)
    assert [*blocks] == [b"second", b"third"]


def test_http_0_9(make_app: MakeApp, respond: Respond) -> None:
    """A client of HTTP/0.9 gets the body and no head."""
    assert respond(make_app(), SimpleHandler, SERVER_PROTOCOL="HTTP/0.9") == (b"body", "")


# --- Blocks ---------------------------------------------------------------------------------------------------------


class Failure(Exception):
    pass


def test_empty_blocks_send_no_head(make_app: MakeApp, respond: Respond) -> None:
    """Empty blocks do not send the head, so an error after them still gets its page (rule S44)."""

    def blocks() -> Iterator[bytes]:
        yield b""
        yield b""
        raise Failure

    assert respond(make_app(blocks()))[0].startswith(b"Status: 500")


def test_empty_blocks_between(make_app: MakeApp, respond: Respond) -> None:
    """Empty blocks among others are passed over."""
    assert body_of(respond(make_app((b"", b"bo", b"", b"dy", b"")))[0]) == b"body"


@pytest.mark.parametrize("result", [["body"], [bytearray(b"body")], [None], [0], [""]], ids=repr)
def test_no_bytes(result: Any, make_app: MakeApp, respond: Respond, rules_in: RulesIn) -> None:
    """A block that is not exactly bytes leads to the error page, an empty one too (A09)."""
    sent, log = respond(make_app(result))
    assert (sent[:11], rules_in(log)) == (b"Status: 500", ["A09"])


@pytest.mark.parametrize("result", ["body", b"body"], ids=repr)
def test_bare_string(result: Any, make_app: MakeApp, respond: Respond, rules_in: RulesIn) -> None:
    """A str or bytes in place of a list of blocks leads to the error page (A08)."""
    sent, log = respond(make_app(result))
    assert (sent[:11], rules_in(log)) == (b"Status: 500", ["A08"])


@pytest.mark.parametrize("result", ["", b""], ids=repr)
def test_empty_string(result: Any, make_app: MakeApp, respond: Respond) -> None:
    """An empty one is an empty body, as it is in wsgiref: programs return it."""
    sent, log = respond(make_app(result))
    assert (sent[:14], body_of(sent), log) == (b"Status: 200 OK", b"", "")


def test_no_bytes_later(make_app: MakeApp, respond: Respond, rules_in: RulesIn) -> None:
    """Once something was sent the response ends there."""
    sent, log = respond(make_app((b"good", "bad", b"never")))
    assert (body_of(sent), rules_in(log)) == (b"good", ["A09"])


def test_error_after_head(respond: Respond, rules_in: RulesIn) -> None:
    """An application that dies in mid-body cuts the response short, and the log names the rule (A38)."""

    def app(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b"half"
        raise Failure

    sent, log = respond(app)
    assert (body_of(sent), rules_in(log)) == (b"half", ["A38"])


@pytest.mark.parametrize("result", [None, 7], ids=repr)
def test_no_iterable(result: Any, respond: Respond) -> None:
    """What cannot be iterated over leads to the error page."""

    def app(_: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return result  # type: ignore[no-any-return]  # it is what is tested

    assert respond(app)[0].startswith(b"Status: 500")


# --- write() --------------------------------------------------------------------------------------------------------


def writing(*written: Any, result: Any = ()) -> WSGIApplication:
    """Make an application that uses write()."""

    def app(_: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        write = start_response("200 OK", [])
        for data in written:
            write(data)
        return result  # type: ignore[no-any-return]  # some results are wrong

    return app


def test_written_before_yielded(respond: Respond) -> None:
    """What was written comes before what is yielded, which is sent too (rules S64, S65)."""
    assert respond(writing(b"a", b"b", result=[b"", b"c"])) == (b"Status: 200 OK\r\n\r\nabc", "")


def test_write_sends_the_head(respond: Respond) -> None:
    """write() sends the head, even with an empty block (rule S44)."""
    assert respond(writing(b""))[0] == b"Status: 200 OK\r\n\r\n"


def test_write_no_bytes(respond: Respond, rules_in: RulesIn) -> None:
    """write() takes bytes only (A28)."""
    sent, log = respond(writing("text"))
    assert (sent[:11], rules_in(log)) == (b"Status: 500", ["A28"])


def test_written_and_none(respond: Respond, rules_in: RulesIn) -> None:
    """None is no body, also after write() (A07)."""
    sent, log = respond(writing(b"written", result=None))
    assert (body_of(sent), rules_in(log)) == (b"written", ["A07"])


@given(st.lists(st.binary(max_size=5), max_size=5), st.none() | st.integers(0, 30), st.booleans())
def test_never_beyond_the_length(blocks: list[bytes], length: int | None, write: bool) -> None:
    """Whatever is yielded or written, what is sent is the beginning of it, as long as it may be."""

    def app(_: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        headers = [] if length is None else [("Content-Length", str(length))]
        send = start_response("200 OK", headers)
        if not write:
            return blocks
        for block in blocks:
            send(block)
        return []

    sent, whole = BytesIO(), b"".join(blocks)
    SimpleHandler(BytesIO(), sent, StringIO(), {"SERVER_PROTOCOL": "HTTP/1.1"}).run(app)
    assert body_of(sent.getvalue()) == (whole if length is None else whole[:length])
