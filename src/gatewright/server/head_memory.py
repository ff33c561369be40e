"""What a connection remembers of its heads: most clients send the same fields each time, but for a few values.

A head is taken apart into what stays the same, some lines together, and the values that change: the first head is one
part, and a value that is seen to change is a part of its own from then on.
"""

from __future__ import annotations

from gatewright.errors import RequestError
from gatewright.server.head import Head
from gatewright.server.usual_head import VARIABLES, checked_head, set_request_line
from gatewright.types import WSGIEnvironment

__all__ = ["HeadMemory"]

# After so many heads in a row with other fields than the one before, or with so many values that change, looking costs
# more than it saves.
_MAX_MISSES = 3
_MAX_CHANGING = 6

# Bytes of a head; what every idle connection may hold is to be little.
_MAX_SIZE = 4096

# Changes all but printable ASCII into another byte: what it leaves alone has nothing else, no line end either, and can
# be decoded in any way.  On 40 bytes it takes half the time of str.isprintable(), on 150 a quarter.
_OTHERS = bytes([*range(32), *range(127, 256)])
_SHOWING_OTHERS = bytes.maketrans(_OTHERS, b" " * len(_OTHERS))

# What is to be judged anew if it changes.
_JUDGED = frozenset({"CONTENT_LENGTH", "HTTP_CONNECTION", "HTTP_HOST"})


class HeadMemory:
    """The fields of one head and the environ that came of them; a head with the same fields gets a copy of it.

    Args:
        max_line: bytes that a head may have: a line limit, so that lines need not be measured one by one.
        max_body: what Content-Length may be.
    """

    __slots__ = (
        *("_changing", "_environ", "_head", "_is_judged", "_keeps_alive", "_length", "_max_body", "_max_line"),
        *("_misses", "_parts", "_rest", "_version", "end", "is_useless"),
    )

    def __init__(self, max_line: int, max_body: int) -> None:
        self._max_line = max_line
        self._max_body = max_body
        self._head = b""
        self._changing: set[int] = set()
        self._parts: list[tuple[bytes, str]] = []
        self._rest = b""
        self._environ: WSGIEnvironment = {}
        self._version = ""
        self._length = 0
        self._keeps_alive = False
        self._is_judged = False
        self._misses = 0
        self.end: int = 0
        """Where the head ended that :meth:`recall` returned last."""
        self.is_useless: bool = False
        """Whether this client's heads differ so much that the memory should be given up."""

    def recall(self, data: bytes) -> Head | None:
        """Return the head if it has the fields of the last one, in the same order, and usual values, or None.

        Args:
            data: begins with a head; if the head is not whole, the answer is None.  What follows it, from :attr:`end`
                on, is not looked at.
        """
        rest = self._rest
        if not rest:
            return None
        if data.startswith(self._head):
            self._misses = 0
            self.end = len(self._head)
            return self._environ.copy(), self._length, self._keeps_alive, False
        environ = self._environ.copy()
        at = data.find(b"\r\n")
        line = data[:at]
        if line.translate(_SHOWING_OTHERS) != line:
            return None
        try:
            keeps_alive = set_request_line(line.decode(), environ)
        except (LookupError, ValueError, RequestError):
            return None
        for same, variable in self._parts:
            if not data.startswith(same, at):
                return None
            start = at + len(same)
            at = data.find(b"\r\n", start)
            value = data[start:at]
            if value.translate(_SHOWING_OTHERS) != value:
                return None
            environ[variable] = value.decode().strip()
        end = at + len(rest)
        if end > self._max_line or not data.startswith(rest, at):
            return None
        self._misses = 0
        self.end = end
        if self._is_judged or environ["SERVER_PROTOCOL"] != self._version:
            return checked_head(environ, keeps_alive, self._max_body)
        return environ, self._length, self._keeps_alive, False

    def remember(self, block: bytes, head: Head) -> None:
        """Remember a head that :meth:`recall` did not know.

        Args:
            block: the whole of it, without its empty line.
            head: what :func:`~gatewright.server.usual_head.parse_usual` made of it; a copy is kept.
        """
        if len(block) > _MAX_SIZE:
            return
        before, lines = _lines(self._head[:-4]), _lines(block)
        names = [_name(line) for line in lines]
        if names == [_name(line) for line in before]:
            self._changing.update(n for n, line in enumerate(lines) if line != before[n])
        else:
            self._changing.clear()
            if before:
                self._misses += 1
        self.is_useless = self._misses >= _MAX_MISSES or len(self._changing) > _MAX_CHANGING
        self._head = block + b"\r\n\r\n"
        self._environ = head[0].copy()
        self._version = head[0]["SERVER_PROTOCOL"]
        _, self._length, self._keeps_alive, _ = head
        self._part(lines)

    def _part(self, lines: list[str]) -> None:
        """Take the fields apart."""
        same, self._parts = "", []
        for number, line in enumerate(lines):
            if number in self._changing:
                name = _name(line)
                variable = VARIABLES.get(name)
                if variable is None:  # another thread has had the names forgotten meanwhile
                    self._rest = b""
                    return
                same += f"\r\n{name} "
                self._parts.append((same.encode("latin-1"), variable))
                same = ""
            else:
                same += f"\r\n{line}"
        self._rest = same.encode("latin-1") + b"\r\n\r\n"
        self._is_judged = any(variable in _JUDGED for _, variable in self._parts)


def _lines(block: bytes) -> list[str]:
    """Return the field lines of a head without its empty line."""
    return block.decode("latin-1").split("\r\n")[1:]


def _name(line: str) -> str:
    return line.partition(" ")[0]
