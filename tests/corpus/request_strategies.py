"""Requests to test parsers with: made from the grammar, and the corpus's with something changed."""

from __future__ import annotations

from http_corpus import EVERY
from hypothesis import strategies as st

SMALL = [case.raw for case in EVERY if len(case.raw) < 1000]

# What decides how a request is read, or has been read in two ways somewhere.
FRAGMENTS = [
    *(
        b"\r\n",
        b"\r",
        b"\n",
        b"\r\n\r\n",
        b"\n\n",
        b" ",
        b"  ",
        b"\t",
        b":",
        b": ",
        b",",
        b";",
        b"=",
        b'"',
        b"/",
        b"//",
    ),
    *(b"?", b"#", b"*", b"%", b"%2F", b"%00", b"\x00", b"\x0b", b"\x0c", b"\x1c", b"\x7f", b"\x80", b"\x85", b"\xa0"),
    *(
        b"\xff",
        b"_",
        b"-",
        b"+",
        b"0",
        b"1",
        b"3",
        b"9",
        b"0x",
        b"x",
        b"a",
        b"GET",
        b"POST",
        b"get",
        b"HEAD",
        b"OPTIONS",
    ),
    *(b" HTTP/1.1", b" HTTP/1.0", b"HTTP/1.2", b"HTTP/0.9", b"Host", b"Host: x", b"Host: y\r\n", b"\r\nHost: x"),
    *(
        b"Content-Length",
        b"Content-Length: 3\r\n",
        b"Content_Length: 3\r\n",
        b"Transfer-Encoding",
        b"chunked",
        b"identity",
    ),
    *(b"Transfer-Encoding: chunked\r\n", b"Connection: close\r\n", b"Connection: keep-alive\r\n", b"Upgrade: h2c\r\n"),
    *(
        b"Accept",
        b"Accept: b\r\n",
        b"X: y\r\n",
        b"X_Y: z\r\n",
        b"Cookie: a\r\n",
        b"Expect: 100-continue\r\n",
        b"abc\r\n",
    ),
    *(
        b"0\r\n\r\n",
        b"3\r\nabc\r\n",
        b"http://x/",
        b"x:80",
        b"[::1]",
        b"@",
        b"\xc3\xa9",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    ),
]

METHODS = [b"GET", b"POST", b"HEAD", b"PUT", b"OPTIONS", b"DELETE", b"M-SEARCH", b"BREW"]
BAD_METHODS = [b"get", b"G@T", b"CONNECT", b"", b"GE#T"]
TARGETS = [b"/", b"/a/b?c=d", b"/%41%e9", b"http://x:80/a?b", b"//x", b"/a|b", b"/?", b"/a?b?c", b"https://x"]
BAD_TARGETS = [b"*", b"/a#b", b"/\xe9", b"/%zz", b"x:80", b"http:///a", b"", b"a", b"http://u@x/"]
VERSIONS = [b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/1.2"]
BAD_VERSIONS = [b"HTTP/2.0", b"HTTP/1.11", b"http/1.1", b"HTTP/1.", b"HTTP/0.9", b""]
FIELDS = [
    *(
        b"Accept: */*",
        b"Accept:*/*",
        b"Accept:  a  ",
        b"X:",
        b"X: \ty\t",
        b"X: caf\xe9",
        b"X_Y: z",
        b"Proxy: z",
        b"X: a: b",
    ),
    *(b"Cookie: a=1", b"Cookie: b=2", b"Connection: close", b"Connection: keep-alive", b"Connection: Keep-Alive, TE"),
    *(
        b"Content-Type: a/b",
        b"User-Agent: Mozilla/5.0 (X11)",
        b"Expect: 100-continue",
        b"X:\x85",
        b"!#$: y",
        b"TE: trailers",
    ),
    *(b"Upgrade: h2c", b"Connection: Upgrade", b"Accept-Encoding: gzip, br", b"accept: a", b"X-Y: z", b"Trailer: X"),
]
BAD_FIELDS = [
    *(b"Host: a/b", b"Host: y", b"X: a\x00", b"X : y", b" X: y", b"X", b"Accept", b"X: y\r", b"\x0bX: y", b"", b": x"),
    *(b"X: a\nb", b"Expect: x", b"Content-Length: 3", b"Transfer-Encoding: chunked", b"X\xa0: y", b"X: \x7f"),
]
HOSTS = [b"Host: x", b"Host: x", b"host: example.org:8000", b"Host:", b"HOST:[::1]"]
LENGTHS = [b"3", b"0", b"03", b"4"]
BAD_LENGTHS = [b"+3", b"3, 3", b"", b"9" * 19, b"0x3", b"3 3", b"-3", b"3\r\nContent-Length: 3"]
CODINGS = [b"chunked", b"Chunked"]
BAD_CODINGS = [b"gzip, chunked", b"chunked, chunked", b"identity", b"\x0bchunked", b"", b"chunked\r\nContent-Length: 3"]
BODIES = [
    b"3\r\nabc\r\n0\r\n\r\n",
    b"3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n",
    b"03\r\nabc\r\n00\r\n\r\n",
    b'3;a="b;\\"c";d=e;f\r\nabc\r\n0;g\r\n\r\n',
    b"0\r\n\r\n",
    b"A\r\n0123456789\r\n0\r\n\r\n",
]
BAD_BODIES = [
    b"3\nabc\n0\n\n",
    b"3\r\nabcd\r\n0\r\n\r\n",
    b"+3\r\nabc\r\n0\r\n\r\n",
    b"3 \r\nabc\r\n0\r\n\r\n",
    b'3;a="b\r\nabc\r\n0\r\n\r\n',
    b"3;a;=b\r\nabc\r\n0\r\n\r\n",
    b"0\r\nHost: x\r\n\r\n",
    b"",
]


@st.composite
def _from_grammar(draw: st.DrawFn) -> bytes:
    """Put a request together of sound parts, and seldom of an unsound one."""

    def part(sound: list[bytes], unsound: list[bytes]) -> bytes:
        return draw(st.sampled_from(unsound if draw(st.integers(0, 24)) == 24 else sound))

    lines = [b" ".join([part(METHODS, BAD_METHODS), part(TARGETS, BAD_TARGETS), part(VERSIONS, BAD_VERSIONS)])]
    lines.append(part(HOSTS, BAD_FIELDS))
    lines += [part(FIELDS, BAD_FIELDS) for _ in range(draw(st.integers(0, 4)))]
    framing = draw(st.integers(0, 2))
    body = b""
    if framing == 1:
        lines.append(b"Content-Length: " + part(LENGTHS, BAD_LENGTHS))
        body = b"abcd"
    elif framing == 2:
        lines.append(b"Transfer-Encoding: " + part(CODINGS, BAD_CODINGS))
        body = part(BODIES, BAD_BODIES)
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


@st.composite
def _mutated(draw: st.DrawFn, originals: st.SearchStrategy[bytes]) -> bytes:
    """Replace pieces of a request, a few times, by something that matters or by another piece of it."""
    raw = draw(originals)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(raw)))
        end = min(len(raw), start + draw(st.integers(0, 8)))
        raw = raw[:start] + draw(st.sampled_from(FRAGMENTS)) + raw[end:]
    return raw


def requests() -> st.SearchStrategy[bytes]:
    """Return the strategy: whole, sound and unsound requests, some with another one or a piece of one behind them."""
    made = _from_grammar()
    kept = st.sampled_from(SMALL)
    return st.one_of(made, _mutated(made), _mutated(kept), st.builds(bytes.__add__, made, kept))
