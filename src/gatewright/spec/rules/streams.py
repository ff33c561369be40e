"""Rules S35-S41: how the streams of a server, ``wsgi.input`` and ``wsgi.errors``, behave."""

from __future__ import annotations

from gatewright.spec.rules.model import Enforcer, Level, Party, Rule

RULES: tuple[Rule, ...] = (
    Rule(
        id="S35",
        level=Level.MUST,
        party=Party.SERVER,
        text="return bytes from the methods of wsgi.input, and from readlines a list of bytes",
        reference='PEP 3333, "Unicode Issues"',
        why="Body parsers split and join bytes, so a str is a TypeError or a corrupted upload.",
        fix="Hand over a binary stream, for example sys.stdin.buffer instead of sys.stdin.",
        enforcers=frozenset({Enforcer.VALIDATOR, Enforcer.MYPY_PLUGIN}),
    ),
    Rule(
        id="S36",
        level=Level.SHOULD,
        party=Party.SERVER,
        text="simulate the end of the file at CONTENT_LENGTH",
        reference='PEP 3333, "Input and Error Streams"',
        why="A read past the body otherwise blocks, or takes the next request of a persistent connection.",
        fix="Put a stream around the socket that counts down from CONTENT_LENGTH and then gives empty bytes.",
    ),
    Rule(
        id="S37",
        level=Level.SHOULD,
        party=Party.SERVER,
        text="let read() be called without a size and return the rest of the body",
        reference='PEP 3333, "Input and Error Streams"',
        why="Applications commonly read the whole body this way and meet a TypeError or a read that never ends.",
        fix="Give size a default of -1 and stop at the end of the request body.",
        enforcers=frozenset({Enforcer.VALIDATOR}),
    ),
    Rule(
        id="S38",
        level=Level.SHOULD,
        party=Party.SERVER,
        text="return empty bytes from a read when the input is exhausted",
        reference='PEP 3333, "Input and Error Streams"',
        why="Read loops end at empty bytes only, so None or an exception breaks them.",
        fix='Return b"" from read and readline, and [] from readlines, after the end of the body.',
    ),
    Rule(
        id="S39",
        level=Level.SHOULD,
        party=Party.SERVER,
        text="take the optional size of readline()",
        reference='PEP 3333, "Input and Error Streams"',
        why="Multipart parsers pass one to bound memory and end in a TypeError on a server without it.",
        fix="Define readline(size=-1, /) and return at most size bytes.",
        enforcers=frozenset({Enforcer.VALIDATOR}),
    ),
    Rule(
        id="S40",
        level=Level.MAY,
        party=Party.SERVER,
        text="ignore the hint of readlines()",
        reference='PEP 3333, "Input and Error Streams"',
        why="An application that counts on the hint to bound memory gets the whole body on such a server.",
        fix="Call read(size) in a loop where memory matters.",
    ),
    Rule(
        id="S41",
        level=Level.MAY,
        party=Party.SERVER,
        text="let flush() of wsgi.errors do nothing when every write goes out at once",
        reference='PEP 3333, "Input and Error Streams"',
        why="No data waits there to be lost, but applications call the method on every server.",
        fix="Keep the method with an empty body instead of leaving it out.",
    ),
)
