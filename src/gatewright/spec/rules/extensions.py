"""Rules S73-S81: ``wsgi.file_wrapper``, extension interfaces and the rebuilding of URLs."""

from __future__ import annotations

from gatewright.spec.rules.model import Level, Party, Rule

RULES: tuple[Rule, ...] = (
    Rule(
        id="S73",
        level=Level.MUST,
        party=Party.SERVER,
        text="make wsgi.file_wrapper take a file-like object and an optional block size, both by position",
        reference='PEP 3333, "Optional Platform-Specific File Handling"',
        why="Applications call it with one argument or two, so another signature is a TypeError on every download.",
        fix="Define it as file_wrapper(filelike, block_size=8192, /).",
    ),
)
