from __future__ import annotations

import pytest

from gatewright import errors
from gatewright.errors import (
    ClientDisconnected,
    ConfigurationError,
    ForbiddenCharacter,
    GatewrightError,
    MissingVariable,
    RequestError,
    RuleBroken,
)


@pytest.mark.parametrize(
    "kind, builtin",
    [
        (ForbiddenCharacter, AssertionError),
        (ForbiddenCharacter, ValueError),
        (MissingVariable, KeyError),
        (ClientDisconnected, ConnectionError),
        (ConfigurationError, ValueError),
    ],
)
def test_builtin(kind: type[Exception], builtin: type[Exception]) -> None:
    """Who catches the builtin exception, as users of wsgiref do, catches ours."""
    assert issubclass(kind, builtin)


@pytest.mark.parametrize("kind", [RuleBroken, MissingVariable, RequestError, ClientDisconnected, ConfigurationError])
def test_base(kind: type[Exception]) -> None:
    """All but the breaches, which are plain AssertionErrors, have one base."""
    assert issubclass(kind, GatewrightError)


def test_every_exception_is_documented() -> None:
    """Each exception says whose fault it is."""
    classes = [value for value in vars(errors).values() if isinstance(value, type)]
    assert [kind.__name__ for kind in classes if not kind.__doc__] == []


def test_missing_variable() -> None:
    """The message of a KeyError comes without its quotes."""
    assert str(MissingVariable("the environ lacks 'X'")) == "the environ lacks 'X'"


@pytest.mark.parametrize("kind", [RequestError, ClientDisconnected])
def test_request_error(kind: type[RequestError]) -> None:
    """A client's fault holds the status to answer with and the explanation."""
    error = kind(413, "the body is too large")
    assert (error.code, error.message) == (413, "the body is too large")


@pytest.mark.parametrize("kind", [RequestError, ClientDisconnected])
def test_request_error_in_words(kind: type[RequestError]) -> None:
    """A client's fault prints as status code and explanation."""
    assert str(kind(400, "no chunk size")) == "400 no chunk size"


def test_disconnected_is_no_os_error_code() -> None:
    """The status code of a client that left does not turn the exception into another class of OSError."""
    assert type(ClientDisconnected(32, "gone")) is ClientDisconnected
