"""The exceptions of gatewright, by whose fault they are raised.

Each one is also a builtin exception that users of :mod:`wsgiref` already catch.  A breach of PEP 3333 itself is a plain
:class:`AssertionError`, as it is in the standard library: its argument is the
:class:`~gatewright.spec.checks.Violation` and its ``__cause__`` a :class:`RuleBroken` that names the rule.
"""


class GatewrightError(Exception):
    """Base of all exceptions that gatewright defines."""


class RuleBroken(GatewrightError):
    """The cause behind an ``AssertionError``: which rule was broken, by whom, and how to mend it.

    It is never raised by itself.  It exists because the message of the ``AssertionError`` keeps the standard library's
    wording, and a traceback prints the cause above the error.
    """


class ForbiddenCharacter(AssertionError, ValueError):
    """A status, header name or header value holds a character that may not travel in it.

    The application's fault.  It is an ``AssertionError`` because that is what handlers raise for a breach of PEP 3333,
    and a ``ValueError`` because CPython's fix for CVE-2026-0865 raises that one.
    """


class MissingVariable(GatewrightError, KeyError):
    """The environ lacks a variable that PEP 3333 requires; the fault of the server that made it.

    Args:
        message: what is missing and which rule says that it must be there.
    """

    def __str__(self) -> str:
        """Return the message as it is; ``KeyError`` would show its ``repr``."""
        return str(self.args[0])


class RequestError(GatewrightError):
    """The client's fault: what it sent is no request that may be served.

    An error that becomes a response is a value: ``code`` is the HTTP status to answer with, ``message`` says what was
    wrong, for the log and the error page.
    """

    def __init__(self, code: int, message: str) -> None:
        """Hold the HTTP status code and the explanation."""
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        """Return ``code message``."""
        return f"{self.code} {self.message}"


class ClientDisconnected(RequestError, ConnectionError):
    """The connection ended in the middle of a request body; what is left of it will never come."""


class ConfigurationError(GatewrightError, ValueError):
    """The operator's fault: a name, address or setting that cannot be used; the message is one line, to print."""
