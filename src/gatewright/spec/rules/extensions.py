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
    Rule(
        id="S74",
        level=Level.MUST,
        party=Party.SERVER,
        text="return an iterable from wsgi.file_wrapper",
        reference='PEP 3333, "Optional Platform-Specific File Handling"',
        why="Middleware iterates over the result without a look at its type, and all else is a TypeError there.",
        fix="Give the wrapper an __iter__ that yields blocks from read(size).",
    ),
    Rule(
        id="S75",
        level=Level.MUST_NOT,
        party=Party.SERVER,
        text="transmit a wrapped file before the application has returned the wrapper",
        reference='PEP 3333, "Optional Platform-Specific File Handling"',
        why="Middleware could not replace a response that is already under way.",
        fix="Test isinstance(result, FileWrapper) after the call, and use sendfile only then.",
    ),
    Rule(
        id="S76",
        level=Level.MUST,
        party=Party.SERVER,
        text="give the wrapper a close() that calls the file's close(), if there is one",
        reference='PEP 3333, "Optional Platform-Specific File Handling"',
        why="Every download would leave a file open until the process runs out of descriptors.",
        fix='Provide close on the wrapper when hasattr(filelike, "close") and call the file\'s from it.',
    ),
    Rule(
        id="S77",
        level=Level.MUST,
        party=Party.SERVER,
        text="wrap any object with read(size), even one without fileno()",
        reference='PEP 3333, "Optional Platform-Specific File Handling"',
        why="BytesIO objects, archive members and remote files have no descriptor for sendfile.",
        fix="Try sendfile if fileno() works, and read block by block otherwise.",
    ),
    Rule(
        id="S78",
        level=Level.MUST,
        party=Party.SERVER,
        text="send a wrapped file from its current position to its end or up to Content-Length",
        reference='PEP 3333, "Optional Platform-Specific File Handling"',
        why="A file sent from its start breaks ranges and resumed downloads.",
        fix="Give filelike.tell() to sendfile as the offset and stop after Content-Length bytes.",
    ),
    Rule(
        id="S79",
        level=Level.MUST,
        party=Party.SERVER,
        text="make an extension that replaces part of WSGI take that part as an argument",
        reference='PEP 3333, "Server Extension APIs"',
        why="Middleware would be bypassed, and its changes to the request or the response lost.",
        fix="Let the extension be called with the current environ or start_response.",
    ),
    Rule(
        id="S80",
        level=Level.MUST,
        party=Party.SERVER,
        text="refuse an extension's service when middleware altered environ or start_response",
        reference='PEP 3333, "Server Extension APIs"',
        why="The extension would contradict what the middleware has arranged.",
        fix="Compare what is passed in with the original, and raise or return None if they differ.",
    ),
    Rule(
        id="S81",
        level=Level.SHOULD,
        party=Party.SERVER,
        text="rebuild URLs from Host, or from server name and port without a default port",
        reference='PEP 3333, "URL Reconstruction"',
        why="Redirects would point at an internal name or carry a needless :80.",
        fix="Call gatewright.util.request_uri(environ).",
    ),
)
