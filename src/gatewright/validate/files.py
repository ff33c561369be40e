"""``wsgi.file_wrapper`` as the application sees it (PEP 3333, "Optional Platform-Specific File Handling")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gatewright.spec.checks import Violation, check_file_wrapper, check_wrapped_file
from gatewright.spec.rules import RULES, Party

if TYPE_CHECKING:
    from gatewright.validate.call import Call

__all__ = ["FileWrapperWrapper"]


class FileWrapperWrapper:
    """The server's ``wsgi.file_wrapper`` as the application sees it, until the application has returned.

    What the server's wrapper makes is handed to the application as it is, and so is what the application returns: the
    server could not recognise it otherwise (rule S60), and ``sendfile`` would be lost.
    """

    __slots__ = ("_call", "made", "wrapper")

    def __init__(self, wrapper: Any, call: Call) -> None:  # noqa: ANN401  # it is to be checked
        """Wrap the server's callable, which belongs to this call."""
        self.wrapper: Any = wrapper
        self.made: list[object] = []
        self._call = call

    def __call__(self, *args: Any, **kw: Any) -> object:  # noqa: ANN401  # how it is called is to be checked
        """Wrap a file."""
        call = self._call
        misuse = _misuse(args, kw)
        if misuse is not None:
            call.report(Violation(RULES["S73"], misuse, args, side=Party.APPLICATION))
        call.report(check_file_wrapper(self.wrapper))
        made = self.wrapper(*args, **kw)
        if misuse is None:
            call.report(check_wrapped_file(args[0], made))
        self.made.append(made)
        return made

    def recognises(self, result: object) -> bool:
        """Whether the server's wrapper made this."""
        if any(result is made for made in self.made):
            return True
        return isinstance(self.wrapper, type) and isinstance(result, self.wrapper)


def _misuse(args: tuple[Any, ...], kw: dict[str, Any]) -> str | None:
    if kw or not 1 <= len(args) <= 2:
        return f"wsgi.file_wrapper takes a file and an optional block size by position, not {(*args, *kw)}"
    if not callable(getattr(args[0], "read", None)):
        return f"wsgi.file_wrapper takes an object with read(), not {args[0]!r}"
    return None
