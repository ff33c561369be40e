"""Rules A31-A43: what an application does with streams, variables, errors and HTTP."""

from __future__ import annotations

from gatewright.spec.rules.model import Level, Party, Rule

RULES: tuple[Rule, ...] = (
    Rule(
        id="A31",
        level=Level.MUST_NOT,
        party=Party.APPLICATION,
        text="use methods or attributes of wsgi.input and wsgi.errors that PEP 3333 does not list",
        reference='PEP 3333, "Input and Error Streams"',
        why="seek, tell, fileno and name exist on some servers only and are an AttributeError elsewhere.",
        fix="Keep to read, readline, readlines and iteration, and to write, writelines and flush.",
    ),
    Rule(
        id="A32",
        level=Level.MUST_NOT,
        party=Party.APPLICATION,
        text="close wsgi.input or wsgi.errors",
        reference='PEP 3333, "Input and Error Streams"',
        why="Both belong to the server: closing them ends a persistent connection or silences the error log.",
        fix="Leave them open, and give io.BytesIO(data) to a library that closes what it reads.",
    ),
    Rule(
        id="A33",
        level=Level.SHOULD_NOT,
        party=Party.APPLICATION,
        text="read more from wsgi.input than CONTENT_LENGTH announces",
        reference='PEP 3333, "Input and Error Streams"',
        why="A server that does not simulate the end of the file waits for bytes that never come.",
        fix='Read at most int(environ.get("CONTENT_LENGTH") or 0) bytes.',
    ),
    Rule(
        id="A34",
        level=Level.MUST,
        party=Party.APPLICATION,
        text="pass str to the write() of wsgi.errors",
        reference='PEP 3333, "Input and Error Streams"',
        why="It is a text stream, so bytes are a TypeError in the middle of error handling.",
        fix='Decode bytes first, for example data.decode("utf-8", "replace").',
    ),
    Rule(
        id="A41",
        level=Level.SHOULD,
        party=Party.APPLICATION,
        text="send at most one Content-Length, and that one valid and equal to the bytes of the body",
        reference="RFC 9110 section 8.6",
        why="Too small a value cuts the body off, too large a one leaves the client waiting for the rest.",
        fix="Set it to str(len(body)) when the body is final, or leave it to the server.",
        derived=True,
    ),
    Rule(
        id="A42",
        level=Level.MUST,
        party=Party.APPLICATION,
        text="produce no body for HEAD and none with status 1xx, 204 or 304",
        reference="RFC 9110 section 6.4.1",
        why="Clients read no body there and take its bytes for the next response on the connection.",
        fix="Return an empty list in these cases.",
        derived=True,
    ),
    Rule(
        id="A43",
        level=Level.SHOULD,
        party=Party.APPLICATION,
        text="send Content-Type with every response that has content",
        reference="RFC 9110 section 8.3",
        why="Browsers guess the type without it, and user data that is taken for HTML runs as script.",
        fix='Add ("Content-Type", "text/plain; charset=utf-8") or what fits the content.',
        derived=True,
    ),
)
