"""What a web server says, as values, and what travels for each of them and for the answers (FastCGI 1.0)."""

from __future__ import annotations

from struct import Struct
from typing import Final, TypeAlias

from attrs import frozen

from gatewright.gateways.fastcgi import records
from gatewright.gateways.fastcgi.pairs import encode_pairs
from gatewright.gateways.fastcgi.records import record

__all__ = [
    "Abort",
    "Begin",
    "Event",
    "GetValues",
    "Input",
    "UnknownType",
    "Variables",
    "encode",
    "end_request",
    "unknown_type",
    "values_result",
]

BEGIN_BODY: Final = Struct(">HB5x")
"""The content of BEGIN_REQUEST: role, flags (section 5.1)."""

_END_BODY: Final = Struct(">IB3x")


@frozen
class Begin:
    """A request begins.

    Attributes:
        request_id: 1 to 65535; no other request of the connection that has not ended has it.
        role: what the application is to be: responder, authorizer or filter (section 6).
        keep_conn: whether the web server wants the connection to stay open.
    """

    request_id: int
    role: int
    keep_conn: bool


@frozen
class Variables:
    """All variables of a request have come.

    Attributes:
        request_id: which request.
        variables: names and values, each character one byte.  A field that the web server repeats is one variable.
    """

    request_id: int
    variables: dict[str, str]


@frozen
class Input:
    """A part of a stream that the application reads.

    Attributes:
        request_id: which request.
        data: the part; ``b""`` is the end of the stream.
        stream: ``STDIN`` or, for a filter, ``DATA``.
    """

    request_id: int
    data: bytes
    stream: int = records.STDIN


@frozen
class Abort:
    """The web server wants no response to this request any more; it still awaits the end of it (section 5.4)."""

    request_id: int


@frozen
class GetValues:
    """The web server asks for values about the application (section 4.1); the answer is :func:`values_result`."""

    names: tuple[str, ...]


@frozen
class UnknownType:
    """A record about the connection, of a type that FastCGI 1.0 does not know; the answer is :func:`unknown_type`."""

    type: int


Event: TypeAlias = Begin | Variables | Input | Abort | GetValues | UnknownType


def encode(event: Event) -> bytes:
    """Return the records in which a web server sends an event, for tests and for clients.

    Raises:
        ValueError: a part of a stream that does not fit into one record.
    """
    match event:
        case Begin(request_id, role, keep_conn):
            return record(records.BEGIN_REQUEST, request_id, BEGIN_BODY.pack(role, keep_conn))
        case Variables(request_id, variables):
            block = records.stream(records.PARAMS, request_id, [encode_pairs(variables.items())])
            return b"".join(block) + record(records.PARAMS, request_id, b"")
        case Input(request_id, data, stream):
            if len(data) > records.LARGEST:
                raise ValueError(f"{len(data)} bytes do not fit into a record")
            return record(stream, request_id, data)
        case Abort(request_id):
            return record(records.ABORT_REQUEST, request_id, b"")
        case GetValues(names):
            return record(records.GET_VALUES, 0, encode_pairs((name, "") for name in names))
        case UnknownType(kind):
            return record(kind, 0, b"")


def end_request(request_id: int, app_status: int = 0, protocol_status: int = records.REQUEST_COMPLETE) -> bytes:
    """Return the record that ends a request (section 5.5).

    Args:
        request_id: which.
        app_status: what would be the exit status of a CGI program.
        protocol_status: ``REQUEST_COMPLETE``, or why the request was not taken.
    """
    return record(records.END_REQUEST, request_id, _END_BODY.pack(app_status, protocol_status))


def values_result(values: dict[str, str]) -> bytes:
    """Return the record that answers :class:`GetValues`: those of the values that were asked for and are known."""
    return record(records.GET_VALUES_RESULT, 0, encode_pairs(values.items()))


def unknown_type(kind: int) -> bytes:
    """Return the record that answers :class:`UnknownType` (section 4.2)."""
    return record(records.UNKNOWN_TYPE, 0, bytes((kind, 0, 0, 0, 0, 0, 0, 0)))
