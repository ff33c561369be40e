from __future__ import annotations

from contextlib import suppress
from random import Random

import pytest
from hypothesis import given, strategies as st

from gatewright.gateways.errors import MalformedRequest
from gatewright.gateways.fastcgi import records
from gatewright.gateways.fastcgi.decoder import Decoder
from gatewright.gateways.fastcgi.events import Abort, Begin, Event, GetValues, Input, UnknownType, Variables, encode
from gatewright.gateways.fastcgi.pairs import encode_pairs
from gatewright.gateways.fastcgi.records import record
from gatewright.gateways.limits import Limits

LATIN = st.characters(max_codepoint=0xFF)
NAMES = st.text(LATIN, min_size=1, max_size=5).filter(lambda name: not name.startswith("wsgi."))
REQUEST = st.tuples(
    st.sampled_from([records.RESPONDER, records.AUTHORIZER, records.FILTER]),
    st.booleans(),
    st.dictionaries(NAMES, st.text(LATIN, max_size=5), max_size=4),
    st.lists(st.binary(min_size=1, max_size=9), max_size=3),
)


def events_of(number: int, role: int, keep_conn: bool, variables: dict[str, str], body: list[bytes]) -> list[Event]:
    """Return all events of a request."""
    parts: list[Event] = [Input(number, part) for part in [*body, b""]]
    return [Begin(number, role, keep_conn), Variables(number, variables), *parts]


def decode(*parts: bytes, limits: Limits | None = None) -> list[Event]:
    """Return the events that come of a connection's beginning."""
    decoder = Decoder(limits or Limits())
    return [event for part in parts for event in decoder.receive(part)]


def joined(events: list[Event]) -> list[Event]:
    """Return a request's events with the parts of its body joined."""
    found: list[Event] = []
    for event in events:
        last = found[-1] if found else None
        if isinstance(event, Input) and isinstance(last, Input) and event.data and last.data:
            found[-1] = Input(event.request_id, last.data + event.data, event.stream)
        else:
            found.append(event)
    return found


BEGIN = encode(Begin(1, records.RESPONDER, keep_conn=True))
VARIABLES = encode(Variables(1, {"A": "b"}))


@given(REQUEST)
def test_every_byte_boundary(request: tuple[int, bool, dict[str, str], list[bytes]]) -> None:
    """Events are the same whether bytes come at once, cut in two anywhere, or one at a time."""
    events = events_of(3, *request)
    data = b"".join(map(encode, events))
    whole = joined(events)
    assert joined(decode(data)) == whole
    assert joined(decode(*(bytes((byte,)) for byte in data))) == whole
    assert all(joined(decode(data[:place], data[place:])) == whole for place in range(len(data)))


@given(st.lists(REQUEST, min_size=2, max_size=3), st.randoms(use_true_random=False))
def test_requests_in_turn(requests: list[tuple[int, bool, dict[str, str], list[bytes]]], random: Random) -> None:
    """Requests whose records come in turn are each what they are alone."""
    streams = [events_of(number, *request) for number, request in enumerate(requests, start=1)]
    order = [number for number, events in enumerate(streams) for _ in events]
    random.shuffle(order)
    iterators = [iter(events) for events in streams]
    data = b"".join(encode(next(iterators[number])) for number in order)
    found = decode(data)
    for number, events in enumerate(streams, start=1):
        assert [event for event in found if getattr(event, "request_id", 0) == number] == events


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes(data: bytes, begun: bool) -> None:
    """Any bytes are events or one documented error."""
    with suppress(MalformedRequest):
        decode(BEGIN + VARIABLES + data if begun else data)


def test_variables_split_over_records() -> None:
    """A pair may be cut between records at any byte."""
    block = encode_pairs([("NAME", "value"), ("X", "y" * 200)])
    for place in range(1, len(block)):
        parts = record(records.PARAMS, 1, block[:place]) + record(records.PARAMS, 1, block[place:])
        assert decode(BEGIN + parts + record(records.PARAMS, 1, b""))[1:] == [
            Variables(1, {"NAME": "value", "X": "y" * 200})
        ]


def test_a_field_that_is_repeated() -> None:
    """A request field that comes twice becomes one variable, with a comma or, for cookies, a semicolon."""
    pairs = [("HTTP_A", "1"), ("HTTP_COOKIE", "a=1"), ("HTTP_A", "2"), ("HTTP_COOKIE", "b=2")]
    params = record(records.PARAMS, 1, encode_pairs(pairs)) + record(records.PARAMS, 1, b"")
    assert decode(BEGIN + params)[1] == Variables(1, {"HTTP_A": "1, 2", "HTTP_COOKIE": "a=1; b=2"})


def test_a_variable_that_is_repeated() -> None:
    """Of any other variable the last one counts."""
    params = record(records.PARAMS, 1, encode_pairs([("A", "1"), ("A", "2")])) + record(records.PARAMS, 1, b"")
    assert decode(BEGIN + params)[1] == Variables(1, {"A": "2"})


def test_reserved_variables() -> None:
    """No variable of a web server's can stand for one of the gateway's."""
    params = encode(Variables(1, {"wsgi.input": "x", "wsgi.anything": "y", "A": "b"}))
    assert decode(BEGIN + params)[1] == Variables(1, {"A": "b"})


def test_records_of_a_request_that_has_ended() -> None:
    """What comes for a request that has ended is ignored, and its number can be used again."""
    decoder = Decoder(Limits())
    list(decoder.receive(BEGIN + VARIABLES))
    decoder.end(1)
    assert list(decoder.receive(encode(Input(1, b"late")) + encode(Abort(1)))) == []
    assert decoder.is_idle()
    assert list(decoder.receive(BEGIN)) == [Begin(1, records.RESPONDER, keep_conn=True)]


def test_values_and_types() -> None:
    """Records about the connection are events, known type or not."""
    asked = encode(GetValues(("FCGI_MAX_CONNS", "X"))) + record(99, 0, b"what")
    assert decode(asked) == [GetValues(("FCGI_MAX_CONNS", "X")), UnknownType(99)]


def test_abort() -> None:
    """A request can be aborted before anything else of it has come."""
    assert decode(BEGIN + encode(Abort(1)))[1:] == [Abort(1)]


def test_data_of_a_filter() -> None:
    """A filter has two streams."""
    begin = encode(Begin(1, records.FILTER, keep_conn=False))
    parts = [Input(1, b"in"), Input(1, b""), Input(1, b"data", records.DATA), Input(1, b"", records.DATA)]
    assert decode(begin + VARIABLES + b"".join(map(encode, parts)))[2:] == parts


LARGE = record(records.PARAMS, 1, b"x" * 60_000)


@pytest.mark.parametrize(
    "data, message",
    [
        (BEGIN + BEGIN, "begins again"),
        (record(records.BEGIN_REQUEST, 1, b"1234"), "of 4 bytes"),
        (record(records.BEGIN_REQUEST, 1, b"123456789"), "more than 8 bytes"),
        (record(records.BEGIN_REQUEST, 0, bytes(8)), "without a request"),
        (record(records.STDOUT, 1, b""), "of type 6 for a request"),
        (record(77, 5, b""), "of type 77 for a request"),
        (BEGIN + encode(Input(1, b"x")), "before the end of its variables"),
        (BEGIN + VARIABLES + VARIABLES, "after the end of them"),
        (BEGIN + VARIABLES + encode(Input(1, b"")) + encode(Input(1, b"x")), "after the end of it"),
        (BEGIN + VARIABLES + encode(Input(1, b"x", records.DATA)), "no filter"),
        (BEGIN + LARGE * 3, "more than 131072 bytes"),
        (record(records.GET_VALUES, 0, bytes(5000)), "more than 4096 bytes"),
        (BEGIN + encode(Variables(1, {f"N{number}": "" for number in range(1001)})), "more than 1000 variables"),
        (BEGIN + record(records.PARAMS, 1, b"\x09\x09A") + record(records.PARAMS, 1, b""), "beyond the end"),
    ],
)
def test_malformed(data: bytes, message: str) -> None:
    """What breaks the protocol or a limit is refused with what was wrong."""
    with pytest.raises(MalformedRequest, match=message):
        decode(data)


def test_an_end_that_is_repeated() -> None:
    """The end of a stream may come twice."""
    end = encode(Input(1, b""))
    assert decode(BEGIN + VARIABLES + end + end)[2:] == [Input(1, b"")]
