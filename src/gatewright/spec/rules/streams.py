"""Rules S35-S41: how the streams of a server, ``wsgi.input`` and ``wsgi.errors``, behave."""

from __future__ import annotations

from gatewright.spec.rules.model import Level, Party, Rule

RULES: tuple[Rule, ...] = (
    Rule(
        id="S35",
        level=Level.MUST,
        party=Party.SERVER,
        text="return bytes from the methods of wsgi.input, and from readlines a list of bytes",
        reference='PEP 3333, "Unicode Issues"',
        why="Body parsers split and join bytes, so a str is a TypeError or a corrupted upload.",
        fix="Hand over a binary stream, for example sys.stdin.buffer instead of sys.stdin.",
    ),
    Rule(
        id="S37",
        level=Level.SHOULD,
        party=Party.SERVER,
        text="let read() be called without a size and return the rest of the body",
        reference='PEP 3333, "Input and Error Streams"',
        why="Applications commonly read the whole body this way and meet a TypeError or a read that never ends.",
        fix="Give size a default of -1 and stop at the end of the request body.",
    ),
)
