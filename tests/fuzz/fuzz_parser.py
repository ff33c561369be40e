"""Fuzzes the parser with atheris: ``python tests/fuzz/fuzz_parser.py [CORPUS] [options of libFuzzer]``.

By hand for hours: ``-max_total_time=14400 -jobs=2 /some/folder``; what was found lies in the current folder as
``crash-*``.  ``nox -s fuzz`` runs it for seconds.  It begins with the corpus of raw requests.
"""

# atheris is built for few platforms, and has no types.
# pyright: reportMissingImports=false, reportMissingModuleSource=false
# pyright: reportUnknownMemberType=false, reportAttributeAccessIssue=false
from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import atheris

sys.path.insert(0, str(Path(__file__).parent.parent / "corpus"))

with atheris.instrument_imports(include=["gatewright"]):
    from conversation import bytewise, converse
    from http_corpus import EVERY
    from peers import INCOMPLETE, PEERS, Reading, read_ours

    from gatewright.errors import RequestError
    from gatewright.server.head_memory import HeadMemory
    from gatewright.server.limits import Limits
    from gatewright.server.strict_head import StrictHead
    from gatewright.server.usual_head import parse_usual

LIMITS = Limits()
# What a connection has seen when the input comes: one value changes.
SEEN = [b"GET / HTTP/1.1\r\nHost: x\r\nCookie: %b\r\nAccept: a\r\n\r\n" % value for value in (b"a", b"b")]

DICTIONARY = Path(__file__).with_name("http.dict")

# What is known to be different, and why, is told in docs/what-we-accept.md.
UNKNOWN_TO_HTTPTOOLS = ("HTTP/1.2", "HTTP/1.3", "HTTP/1.4", "HTTP/1.5", "HTTP/1.6", "HTTP/1.7", "HTTP/1.8", "HTTP/1.9")


def fast_equals_strict(data: bytes) -> None:
    """The fast parser answers "unusual", or what the strict one answers."""
    answer = parse_usual(data, {}, LIMITS.request_line, LIMITS.fields, LIMITS.max_body)
    if answer is not None:
        try:
            strict = StrictHead(LIMITS, {}).feed(data + b"\r\n\r\n")
        except RequestError as refusal:
            raise AssertionError(data) from refusal
        assert answer == strict, data


def memory_equals_strict(data: bytes) -> None:
    """What a connection remembers of a head, as it comes or with the input in a value, the strict parser reads, too."""
    memory = HeadMemory(LIMITS.request_line, LIMITS.max_body)
    for seen in SEEN:
        head = StrictHead(LIMITS, {}).feed(seen)
        assert head is not None
        memory.remember(seen[:-4], head)
    line, value = data.partition(b"\n")[0], b": " + data[:64]
    for request in (data, SEEN[0].replace(b"GET / HTTP/1.1", line), SEEN[0].replace(b": a", value, 1)):
        answer = memory.recall(request)
        if answer is not None:
            strict = StrictHead(LIMITS, {})
            try:
                assert (answer, request[memory.end :]) == (strict.feed(request), strict.rest), request
            except RequestError as refusal:
                raise AssertionError(request) from refusal


def pieces_do_not_matter(data: bytes) -> None:
    """Whole, in two halves and byte by byte, the same is read."""
    whole = converse([data])
    assert converse(bytewise(data)) == whole, data
    assert converse([data[: len(data) // 2], data[len(data) // 2 :]]) == whole, data


def peers_agree(data: bytes) -> None:
    """What we read is read by peers, and as we do; where we wait for more, so do they."""
    ours = read_ours(data)
    if isinstance(ours, Reading):
        variables = ours.variables
        if not data.startswith(b"\r\n"):
            assert PEERS["h11"](data) == ours, data
        if variables["SERVER_PROTOCOL"] not in UNKNOWN_TO_HTTPTOOLS and "HTTP_UPGRADE" not in variables:
            theirs = PEERS["httptools"](data)
            assert theirs == ours or variables["REQUEST_METHOD"] not in {"GET", "POST", "HEAD"}, data
    elif ours == INCOMPLETE:
        assert not any(isinstance(read(data), Reading) for read in PEERS.values()), data


def once(data: bytes) -> None:
    """Hold one input against all that is promised; 4 KiB reach every branch but the limits."""
    data = data[:4096]
    fast_equals_strict(data.partition(b"\r\n\r\n")[0])
    fast_equals_strict(data)
    memory_equals_strict(data)
    pieces_do_not_matter(data)
    peers_agree(data)


def main() -> None:
    """Run libFuzzer, on the corpus of raw requests beside what the arguments name."""
    for raw in (*(case.raw for case in EVERY), *SEEN):
        converse([raw])  # has the fast parser know their names
    options = [argument for argument in sys.argv[1:] if argument.startswith("-")]
    folders = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    with TemporaryDirectory() as found, TemporaryDirectory() as seeds:
        for case in EVERY:
            if len(case.raw) < 1000:
                Path(seeds, case.name).write_bytes(case.raw)
        # New inputs are written to the first folder.
        atheris.Setup([sys.argv[0], f"-dict={DICTIONARY}", *options, *(folders or [found]), seeds], once)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
