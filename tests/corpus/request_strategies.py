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

METHODS = [b"GET", b"POST", b"HEAD", b"PUT", b"OPTIONS", b"DELETE", b"M-SEARCH", b"get", b"G@T"]
TARGETS = [
    b"/",
    b"/a/b?c=d",
    b"/%41%e9?%",
    b"*",
    b"http://x:80/a?b",
    b"//x",
    b"/a#b",
    b"/\xe9",
    b"/%zz",
    b"x:80",
    b"/a|b",
]
VERSIONS = [b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/1.2", b"HTTP/2.0"]
FIELDS = [
    *(
        b"Host: x",
        b"host: example.org:8000",
        b"Host:",
        b"Host: a/b",
        b"Accept: */*",
        b"Accept:*/*",
        b"Accept:  a  ",
        b"X:",
    ),
    *(
        b"X: \ty\t",
        b"X: caf\xe9",
        b"X: a\x00",
        b"X : y",
        b" X: y",
        b"X_Y: z",
        b"Proxy: z",
        b"Cookie: a=1",
        b"Cookie: b=2",
    ),
    *(b"Connection: close", b"Connection: keep-alive", b"Connection: Keep-Alive, TE", b"Content-Type: a/b", b"X: a: b"),
    *(
        b"User-Agent: Mozilla/5.0 (X11)",
        b"Expect: 100-continue",
        b"X",
        b"Accept",
        b"X:\x85",
        b"!#$: y",
        b"X: y\r",
        b"\x0bX: y",
    ),
]
LENGTHS = [b"3", b"3", b"3", b"0", b"03", b"+3", b"3, 3", b"", b"4", b"9" * 19]
CODINGS = [b"chunked", b"chunked", b"Chunked", b"gzip, chunked", b"chunked, chunked", b"identity", b"\x0bchunked", b""]
BODIES = [
    b"abc",
    b"3\r\nabc\r\n0\r\n\r\n",
    b"3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n",
    b"03\r\nabc\r\n00\r\n\r\n",
    b"3\nabc\n0\n\n",
    b"",
]


@st.composite
def _from_grammar(draw: st.DrawFn) -> bytes:
    """Put a request together of parts that are mostly sound."""
    lines = [b" ".join([draw(st.sampled_from(part)) for part in (METHODS, TARGETS, VERSIONS)])]
    if draw(st.integers(0, 3)):
        lines.append(b"Host: x")
    lines += draw(st.lists(st.sampled_from(FIELDS), max_size=5))
    framing = draw(st.integers(0, 3))
    if framing & 1:
        lines.append(b"Content-Length: " + draw(st.sampled_from(LENGTHS)))
    if framing & 2:
        lines.append(b"Transfer-Encoding: " + draw(st.sampled_from(CODINGS)))
    return b"\r\n".join(lines) + b"\r\n\r\n" + (draw(st.sampled_from(BODIES)) if framing else b"")


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
