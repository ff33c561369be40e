"""Properties of the parsers that hold for any bytes; for what single requests become see test_corpus.py."""

from __future__ import annotations

import pytest
from conversation import Conversation, bytewise, converse
from counting import calls
from http_corpus import ACCEPTED
from hypothesis import example, given, settings, strategies as st
from request_strategies import FIELDS, HOSTS, requests

from gatewright.errors import RequestError
from gatewright.server.head import Head
from gatewright.server.limits import Limits
from gatewright.server.parser import HeadReader
from gatewright.server.strict_head import StrictHead
from gatewright.server.usual_head import learn, parse_usual
from gatewright.spec.framing import parse_field_line

LIMITS = Limits()
BASE = {"wsgi.url_scheme": "http"}


@pytest.fixture(autouse=True, scope="module")
def _taught() -> None:
    """Have the fast parser know the names and hosts of the requests here, so that it does not answer "unusual"."""
    for case in ACCEPTED:
        converse([case.raw])
    for line in FIELDS + HOSTS:
        try:
            learn([parse_field_line(line.decode("latin-1"))])
        except RequestError:
            continue


def strict(data: bytes) -> Head | int | None:
    """Return the strict parser's answer, or the status that it refuses with."""
    try:
        return StrictHead(LIMITS, BASE).feed(data)
    except RequestError as refusal:
        return refusal.code


def usual(data: bytes) -> Head | None:
    """Return the fast parser's answer to what stands before the first empty line."""
    block = data[: max(0, data.find(b"\r\n\r\n"))]
    return parse_usual(block, BASE, LIMITS.request_line, LIMITS.fields, LIMITS.max_body)


@given(requests())
@settings(max_examples=2000)
@example(b"GET / HTTP/1.1\r\nHost: x\r\nAccept\r\n\r\n")
@example(b"GET /\t HTTP/1.1\r\nHost: x\r\n\r\n")
@example(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1073741825\r\n\r\n")
@example(b"GET / HTTP/1.1\r\nHost: x\r\nX: \xa0y\xa0\r\n\r\n")
def test_fast_equals_strict(data: bytes) -> None:
    """For any bytes the fast parser answers "unusual", or what the strict one answers."""
    answer = usual(data)
    assert answer is None or answer == strict(data)


@given(requests())
def test_fast_takes_one_head(data: bytes) -> None:
    """The same where the block is not one head, but several, or a head and a body."""
    answer = parse_usual(data, BASE, LIMITS.request_line, LIMITS.fields, LIMITS.max_body)
    assert answer is None or answer == strict(data + b"\r\n\r\n")


@given(st.binary(max_size=200))
def test_fast_equals_strict_for_noise(data: bytes) -> None:
    """The same of bytes that are no request at all."""
    answer = usual(data + b"\r\n\r\n")
    assert answer is None or answer == strict(data + b"\r\n\r\n")


def usual_heads() -> list[bytes]:
    """Return the accepted heads that any client might send any day."""
    unusual = (
        "chunk",
        "coding",
        "expect",
        "field-",
        "target-a",
        "line-",
        "length-with",
        "length-lower",
        "size-",
        "trailer",
        "connection-",
    )
    return [case.raw for case in ACCEPTED if not case.name.startswith(unusual)]


@pytest.mark.parametrize("data", usual_heads())
def test_usual_is_usual(data: bytes) -> None:
    """What clients send any day is not unusual: the property above is no empty promise."""
    assert usual(data) is not None


@st.composite
def cut_requests(draw: st.DrawFn) -> list[bytes]:
    """Cut up to three requests behind each other into pieces, wherever."""
    data = b"".join(draw(st.lists(requests(), min_size=1, max_size=3)))
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=6)))
    return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]


def joined(pieces: list[bytes]) -> Conversation:
    """Read pieces as one."""
    return converse([b"".join(pieces)])


@given(cut_requests())
@settings(max_examples=500)
def test_pieces_do_not_matter(pieces: list[bytes]) -> None:
    """However bytes arrive, the same requests are read from them, and the same one is refused."""
    assert converse(pieces) == joined(pieces)


@given(requests())
def test_bytes_do_not_matter(data: bytes) -> None:
    """The same of single bytes."""
    assert converse(bytewise(data)) == converse([data])


@given(requests())
def test_base_is_not_changed(data: bytes) -> None:
    """The server's own variables are copied for each request, never written to."""
    usual(data)
    strict(data)
    assert BASE == {"wsgi.url_scheme": "http"}


def read(limits: Limits, *pieces: bytes) -> list[Head | None]:
    """Feed pieces to one reader."""
    reader = HeadReader(limits, {})
    return [reader.feed(piece) for piece in pieces]


HEAD = b"GET /abc HTTP/1.1\r\nHost: x\r\nX: abc\r\n\r\n"


@pytest.mark.parametrize(
    "limits, code",
    [
        (Limits(request_line=16), 414),
        (Limits(field_line=6), 431),
        (Limits(fields=1), 431),
        (Limits(all_fields=18), 431),
    ],
)
@pytest.mark.parametrize("pieces", [[HEAD], list(bytewise(HEAD)), [HEAD[:20], HEAD[20:]]])
def test_beyond_limit(limits: Limits, code: int, pieces: list[bytes]) -> None:
    """One byte or field more than a limit is refused, however it arrives."""
    with pytest.raises(RequestError, match=str(code)):
        read(limits, *pieces)


@pytest.mark.parametrize(
    "limits", [Limits(request_line=17), Limits(field_line=7), Limits(fields=2), Limits(all_fields=19)]
)
@pytest.mark.parametrize("pieces", [[HEAD], list(bytewise(HEAD)), [HEAD[:20], HEAD[20:]]])
def test_at_limit(limits: Limits, pieces: list[bytes]) -> None:
    """What reaches a limit is accepted."""
    assert read(limits, *pieces)[-1] is not None


def test_body_limit() -> None:
    """A Content-Length beyond the limit is refused before the application is called."""
    with pytest.raises(RequestError, match="413"):
        read(Limits(body=2), b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n")


def test_no_body_limit() -> None:
    """Zero sets no limit."""
    head = read(Limits(body=0), b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 18 + b"\r\n\r\n")[0]
    assert head is not None
    assert head[1] == 10**18 - 1


def test_underscores_refused() -> None:
    """A name with an underscore is refused where the settings say so."""
    with pytest.raises(RequestError, match="underscore"):
        read(Limits(underscores="refuse"), b"GET / HTTP/1.1\r\nHost: x\r\nX_Y: z\r\n\r\n")


def test_eight_bit_target() -> None:
    """Bytes above 0x7F stand in a target where the settings say so, each as one character."""
    head = read(Limits(eight_bit_targets=True), "GET /é HTTP/1.1\r\nHost: x\r\n\r\n".encode())[0]
    assert head is not None
    assert head[0]["PATH_INFO"] == "/\xc3\xa9"


@pytest.mark.parametrize(
    "data, amid", [(b"\r\n", False), (b"\r\n\r", False), (b"G", True), (b"\r\nG", True), (b"\rG", True)]
)
def test_amid(data: bytes, amid: bool) -> None:
    """Empty lines after a request are no beginning of another one."""
    reader = HeadReader(LIMITS, {})
    reader.feed(data)
    assert reader.is_amid is amid


def test_refused_at_once() -> None:
    """A line that is wrong is refused when it is there, not when the head ends, which may be never."""
    with pytest.raises(RequestError, match="400"):
        read(LIMITS, b"GET / HTTP/1.1\r\nHost: x\r\nX : y\r\n")


def test_line_feeds_only_refused_at_once() -> None:
    """A client that ends lines by LF alone is told so, and does not wait for an answer that never comes."""
    with pytest.raises(RequestError, match="400"):
        read(LIMITS, b"GET / HTTP/1.0\n\n")


def test_memories_are_bounded() -> None:
    """Clients that invent names and hosts do not make the memory grow, nor others' requests unusual for long."""
    for number in range(3000):
        learn([(f"X-{number}", "y"), ("Host", f"h{number}")])
    learn([("Host", "x"), ("X-" + "y" * 300, "z"), ("Host", "y" * 300)])
    assert usual(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") is not None


HOSTILE = {
    "many colons": b"Host: x\r\nX" + b":" * 16_000 + b"\x00",
    "white space": b"Host: x\r\nX: y" + b" " * 16_000 + b"\x00",
    "nearly a token": b"Host: x\r\n" + b"a" * 16_000 + b"(: y",
    "nearly a host": b"Host: " + b"a:" * 8_000,
    "nearly an address": b"Host: [" + b"f:" * 8_000 + b"g]",
    "list of commas": b"Host: x\r\nTransfer-Encoding: " + b"," * 16_000,
    "list of codings": b"Host: x\r\nTransfer-Encoding: " + b"a, " * 5_000 + b"(",
    "digits": b"Host: x\r\nContent-Length: " + b"1" * 16_000 + b"x",
}


@pytest.mark.parametrize("fields", HOSTILE.values(), ids=HOSTILE)
def test_linear(fields: bytes) -> None:
    """Nothing of what is checked takes more than linear time: these would take years, and are refused at once."""
    with pytest.raises(RequestError):
        read(LIMITS, b"GET / HTTP/1.1\r\n" + fields + b"\r\n\r\n")


@pytest.mark.parametrize("field", ["X-Known: y", "X-{}: y", "Cookie: a=b", "Bad: \t y"])
@pytest.mark.parametrize("piece", [3, 100, 1_000_000])
def test_many_fields_are_linear(field: str, piece: int) -> None:
    """A field takes some steps and no more, however many there are, whichever pieces they come in (case 71)."""
    lines = "".join(f"{field.format(number)}\r\n" for number in range(2000))
    data = f"GET / HTTP/1.1\r\nHost: x\r\n{lines}\r\n".encode()
    reader = HeadReader(Limits(fields=10_000, all_fields=1_000_000), BASE)
    pieces = [data[start : start + piece] for start in range(0, len(data), piece)]
    assert calls(lambda: [reader.feed(part) for part in pieces]) < 2000 * 100
