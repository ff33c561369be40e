"""Fuzzing of the codecs of FastCGI and SCGI with atheris, guided by coverage.

``python tests/fuzz/fuzz_gateways.py fastcgi`` runs until it finds something; arguments of libFuzzer may follow
(``-max_total_time=60``, a folder of inputs).  What must hold is in the functions, each of which takes any bytes.
"""

# atheris is built for few platforms, and has no types.
# pyright: reportMissingImports=false, reportMissingModuleSource=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportAttributeAccessIssue=false
from __future__ import annotations

import sys
from collections.abc import Callable

import atheris

with atheris.instrument_imports():
    from gatewright.errors import RequestError
    from gatewright.gateways import scgi
    from gatewright.gateways.errors import MalformedRequest
    from gatewright.gateways.fastcgi.decoder import Decoder
    from gatewright.gateways.fastcgi.events import Abort, Begin, Event, Input, Variables, encode
    from gatewright.gateways.fastcgi.quick import read_whole
    from gatewright.gateways.fastcgi.records import PARAMS, record
    from gatewright.gateways.limits import Limits
    from gatewright.gateways.variables import complete

LIMITS = Limits(variables_bytes=2_000, variables=20, values_bytes=100)


def continues(last: Input, event: Input) -> bool:
    """Whether two parts are of one stream, and neither is its end."""
    same = (event.request_id, event.stream) == (last.request_id, last.stream)
    return same and bool(event.data) and bool(last.data)


def decode(*parts: bytes) -> list[Event] | str:
    """Return the events, with the parts of a body joined, or what is wrong."""
    decoder, found = Decoder(LIMITS), list[Event]()
    try:
        for part in parts:
            for event in decoder.receive(part):
                last = found[-1] if found else None
                if isinstance(last, Input) and isinstance(event, Input) and continues(last, event):
                    found[-1] = Input(event.request_id, last.data + event.data, event.stream)
                else:
                    found.append(event)
    except MalformedRequest as error:
        return error.message
    return found


def fastcgi(data: bytes) -> None:
    """Any bytes are events or one error, the same however they are cut, and the quick way agrees."""
    whole = decode(data)
    if len(data) < 200:
        assert decode(*(bytes((byte,)) for byte in data)) == whole
    assert decode(data[: len(data) // 3], data[len(data) // 3 :]) == whole
    quick = read_whole(data, LIMITS)
    if quick is not None:
        body: list[Event] = [Input(1, quick.body)] if quick.body else []
        assert whole == [Begin(1, 1, quick.keep_conn), Variables(1, quick.variables), *body, Input(1, b"")]
    if isinstance(whole, list) and all(isinstance(event, Begin | Variables | Input | Abort) for event in whole):
        for event in whole:
            assert encode(event) if not isinstance(event, Input) or len(event.data) <= 65_535 else True
            if isinstance(event, Variables):
                completed(event.variables)


def completed(variables: dict[str, str]) -> None:
    """Any variables become an environ, or are refused."""
    try:
        complete(variables, None)
    except RequestError:
        return
    assert variables["SERVER_NAME"]
    assert not variables["SCRIPT_NAME"].endswith("/") if "SCRIPT_NAME" in variables else True
    assert "HTTP_PROXY" not in variables


def decode_scgi(data: bytes) -> None:
    """Any bytes are a request, the beginning of one, or one error; more bytes change nothing."""
    try:
        request = scgi.decode(data, LIMITS)
    except MalformedRequest:
        return
    if request is not None:
        assert request == scgi.decode(data + b"x", LIMITS)
        assert request == scgi.decode(bytearray(data[: request.body_start]), LIMITS)
        assert request.content_length >= 0
        completed(request.variables)


def records_of(data: bytes) -> None:
    """Likewise for bytes that begin like a request, and for records of which only kind, number and content are odd."""
    source = atheris.FuzzedDataProvider(data)
    parts = [encode(Begin(1, 1, keep_conn=True))] if source.ConsumeBool() else []
    while source.remaining_bytes():
        kind, number = source.ConsumeIntInRange(0, 12), source.ConsumeIntInRange(0, 2)
        content = source.ConsumeBytes(source.ConsumeIntInRange(0, 300))
        parts.append(record(kind, number, content))
        if kind == PARAMS:
            parts.append(record(PARAMS, number, b""))
    fastcgi(b"".join(parts))


def netstring(data: bytes) -> None:
    """Likewise for a netstring that begins as it should."""
    block = b"CONTENT_LENGTH\x000\x00SCGI\x001\x00" + data
    decode_scgi(b"%d:%b," % (len(block), block))


TARGETS: dict[str, Callable[[bytes], None]] = {
    "fastcgi": fastcgi,
    "records": records_of,
    "scgi": decode_scgi,
    "netstring": netstring,
}


def main() -> None:
    """Fuzz the codec that the first argument names."""
    target = TARGETS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
