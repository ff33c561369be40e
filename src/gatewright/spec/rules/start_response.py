"""Rules S42-S54: the ``start_response`` callable of a server, and what it does with the headers."""

from __future__ import annotations

from gatewright.spec.rules.model import Level, Party, Rule

RULES: tuple[Rule, ...] = (
    Rule(
        id="S42",
        level=Level.MUST,
        party=Party.SERVER,
        text="pass a start_response that takes two positional arguments and an optional third",
        reference='PEP 3333, "Specification Details"',
        why="An error handler passes exc_info as the third one and would itself end in a TypeError.",
        fix="Define it as start_response(status, headers, exc_info=None, /).",
    ),
    Rule(
        id="S43",
        level=Level.MUST,
        party=Party.SERVER,
        text="return a write(bytes) callable from start_response",
        reference='PEP 3333, "The start_response() Callable"',
        why="Applications that push their output call it, and None in its place ends them with a TypeError.",
        fix="Return a function that takes one bytes block and sends it like a yielded one.",
    ),
    Rule(
        id="S46",
        level=Level.MUST,
        party=Party.SERVER,
        text="raise from start_response when exc_info is given and the headers are already sent",
        reference='PEP 3333, "The start_response() Callable"',
        why="The error page would otherwise be appended to a response that is half sent under another status.",
        fix="Write raise exc_info[1].with_traceback(exc_info[2]).",
    ),
    Rule(
        id="S47",
        level=Level.MUST,
        party=Party.SERVER,
        text="treat a second start_response without exc_info as fatal, even if the first one raised",
        reference='PEP 3333, "The start_response() Callable"',
        why="Accepting it in silence lets one status replace the other, and nobody learns which one was meant.",
        fix="Record the call before its arguments are checked, and raise at the next one without exc_info.",
    ),
    Rule(
        id="S50",
        level=Level.SHOULD,
        party=Party.SERVER,
        text="treat hop-by-hop header fields from the application as a fatal error",
        reference='PEP 3333, "The start_response() Callable"',
        why="A foreign Connection or Transfer-Encoding contradicts the real framing and the client loses its place.",
        fix="Look each name up in the set of hop-by-hop fields inside start_response and raise if it is there.",
    ),
)
