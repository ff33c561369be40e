"""Rules S55-S72: how a server sends the body, ends the request and keeps to HTTP."""

from __future__ import annotations

from gatewright.spec.rules.model import Level, Party, Rule

RULES: tuple[Rule, ...] = (
    Rule(
        id="S58",
        level=Level.MUST,
        party=Party.SERVER,
        text="call close() of the returned iterable when the request ends, however it ends",
        reference='PEP 3333, "Specification Details"',
        why="Files, locks and database connections otherwise stay open after an error or a lost client.",
        fix="Iterate inside try and call close() in its finally.",
    ),
    Rule(
        id="S61",
        level=Level.SHOULD_NOT,
        party=Party.SERVER,
        text="send more bytes than the application's Content-Length allows",
        reference='PEP 3333, "Handling the Content-Length Header"',
        why="On a persistent connection the client takes the surplus for the start of the next response.",
        fix="Count what was sent, stop iterating at the limit and raise in a write() beyond it.",
    ),
    Rule(
        id="S62",
        level=Level.SHOULD,
        party=Party.SERVER,
        text="close the connection and report it when the body is shorter than its Content-Length",
        reference='PEP 3333, "Handling the Content-Length Header"',
        why="On an open connection the client waits for the missing bytes until it times out.",
        fix="Compare the count with Content-Length at the end, and on a shortfall log it and drop keep-alive.",
    ),
)
