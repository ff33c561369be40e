"""The pytest plugin: fixtures that hold the applications under test against the rules of PEP 3333.

pytest imports this module at each start, used or not.  So it imports nothing but pytest, which is there already; what
a fixture needs is imported by the first test that asks for it.

In annotations of tests::

    def test_greeting(wsgi_server: ServeApplication) -> None:
        server = wsgi_server(application)
"""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple, Protocol

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from gatewright.simple_server import WSGIRequestHandler
    from gatewright.spec.checks import Violation
    from gatewright.types import StartResponse, WSGIApplication, WSGIEnvironment
    from gatewright.validate import Policy

__all__ = ["ServeApplication", "Served", "ValidateApplication"]

PATIENCE = 1.0
"""How long the end of a test waits for calls of an application that still run, in seconds."""

LEFT_TO_TEST_CLIENTS = ("S50", "S58")
"""The duties of a server that test clients seldom do, and whose breach says nothing of the application: to refuse
hop-by-hop fields (rule A20 tells of those) and to close the body."""


class ValidateApplication(Protocol):
    """The fixture ``wsgi_validated``, for annotations.

    Args, by position:
        application: the application under test.

    Returns:
        The application with the validator around it, to hand to a test client.  No breach raises anything.  The test
        goes on, and fails at its end with all of them.
    """

    def __call__(self, application: WSGIApplication, /) -> WSGIApplication: ...  # noqa: D102  # the class says it


class Served(NamedTuple):
    """Where an application is served."""

    host: str
    """The address, on the loopback."""

    port: int
    """The port, which was free."""

    @property
    def url(self) -> str:
        """The address as a URL, without a slash at the end."""
        return f"http://{self.host}:{self.port}"


class ServeApplication(Protocol):
    """The fixture ``wsgi_server``, for annotations.

    Args, by position:
        application: the application under test.

    Returns:
        Where it is served, until the end of the test, a thread for each connection.  It is validated meanwhile, as by
        :class:`ValidateApplication`.

    Raises:
        OSError: if no port can be bound.
    """

    def __call__(self, application: WSGIApplication, /) -> Served: ...  # noqa: D102  # the class says it


# --- What is collected for a test ---------------------------------------------------------------------------------


class _Calls:
    """How many calls of applications are running: a context manager that each of them is in."""

    def __init__(self) -> None:
        self._running = 0
        self._changed = threading.Condition()

    def __enter__(self) -> None:
        with self._changed:
            self._running += 1

    def __exit__(self, *_error: object) -> None:
        with self._changed:
            self._running -= 1
            self._changed.notify_all()

    def wait(self) -> None:
        """Wait until none is: a client has its answer before the server has closed the body."""
        with self._changed:
            self._changed.wait_for(lambda: not self._running, PATIENCE)


class _Record:
    """The breaches of one test, from whatever thread they come, until the test is told of them."""

    def __init__(self, item: pytest.Item) -> None:
        self.item = item
        self.calls = _Calls()
        self._breaches: list[Violation] = []

    def policy(self, *ignored: str) -> Policy:
        """Collect every breach of the rules, but of these and of those that the ini file allows."""
        from gatewright.validate import Action, Policy

        rules = dict.fromkeys((*ignored, *_allowed_rules(self.item.config)), Action.IGNORE)
        return Policy(must=Action.REPORT, should=Action.REPORT, rules=rules, report=self._breaches.append)

    def take(self) -> list[Violation]:
        """Return the breaches so far, and forget them."""
        taken = self._breaches[:]
        del self._breaches[: len(taken)]  # not those that a thread has added since
        return taken

    def judge(self) -> None:
        """Fail the test if a rule of level must was broken, warn where it was one of level should."""
        breaches = self.take()
        grave = [breach for breach in breaches if breach.rule.level.binding]
        try:
            self._warn(breach for breach in breaches if not breach.rule.level.binding)
        finally:  # also when warnings are errors
            if grave:
                pytest.fail(_describe(grave), pytrace=False)

    def mention(self) -> None:
        """Put what was broken into the report of a test that failed for its own reasons."""
        breaches = self.take()
        if breaches:
            self.item.add_report_section("call", "wsgi", _describe(breaches))

    def _warn(self, breaches: Iterable[Violation]) -> None:
        # Here, not where it happens: what filters make of a warning would be raised into the application.
        from gatewright.validate import WSGIWarning

        for text in Counter(map(_text_of, breaches)):
            self.item.warn(WSGIWarning(text))


_RECORD = pytest.StashKey[_Record]()


def _describe(breaches: list[Violation]) -> str:
    """Return the text that a test fails with: every breach once."""
    texts = Counter(map(_text_of, breaches))
    heading = "1 breach of PEP 3333" if len(texts) == 1 else f"{len(texts)} breaches of PEP 3333"
    return "\n\n".join((heading, *(f"{text}\n  times: {n}" if n > 1 else text for text, n in texts.items())))


def _text_of(breach: Violation) -> str:
    lines = [f"{breach.message} ({breach.rule.id})", f"  rule:  {breach.rule}"]
    if breach.place:
        lines.append(f"  place: {breach.place}")
    return "\n".join((*lines, f"  fix:   {breach.rule.fix}"))


# --- Hooks --------------------------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say what may be written into the ini file."""
    explanation = "ids of rules of PEP 3333 whose breaches wsgi_validated and wsgi_server let pass"
    parser.addini("wsgi_allow_rules", explanation, type="linelist", default=[])


def _allowed_rules(config: pytest.Config) -> list[str]:
    allowed: list[str] = config.getini("wsgi_allow_rules")
    return allowed


def pytest_configure(config: pytest.Config) -> None:
    """Refuse the id of a rule that does not exist.

    Raises:
        pytest.UsageError: if ``wsgi_allow_rules`` has one.
    """
    allowed = _allowed_rules(config)
    if not allowed:
        return
    from gatewright.spec.rules import RULES

    unknown = [each for each in allowed if each not in RULES]
    if unknown:
        names = ", ".join(map(repr, unknown))
        raise pytest.UsageError(f"wsgi_allow_rules: no such rule: {names}; rules have ids like 'A29'")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Judge a test when its body has run; one that failed has its breaches in its report."""
    try:
        result = yield
    except BaseException:
        record = item.stash.get(_RECORD, None)
        if record:
            record.calls.wait()
            record.mention()
        raise
    record = item.stash.get(_RECORD, None)
    if record:
        record.calls.wait()
        record.judge()
    return result


# --- Fixtures -----------------------------------------------------------------------------------------------------


@pytest.fixture(name="_wsgi_record")
def _record(request: pytest.FixtureRequest) -> Iterator[_Record]:
    """Collect what the applications of a test break; what comes after the body of the test fails its teardown."""
    item = request.node
    assert isinstance(item, pytest.Item)  # the fixture's scope is the function
    record = item.stash[_RECORD] = _Record(item)
    yield record
    record.judge()


@pytest.fixture
def wsgi_validated(_wsgi_record: _Record) -> ValidateApplication:
    """Wrap an application so that its breaches of PEP 3333 fail the test: ``app = wsgi_validated(app)``.

    A body that is never closed (rule S58) and hop-by-hop fields that are not refused (S50) are let pass: these are the
    duties of the test client, and few care.
    """
    from gatewright.validate import checked

    policy = _wsgi_record.policy(*LEFT_TO_TEST_CLIENTS)

    def wrap(application: WSGIApplication, /) -> WSGIApplication:
        inner = checked(application, policy)

        def validated(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            return inner(environ, start_response)  # with two parameters, which falcon.testing counts

        return validated

    return wrap


@pytest.fixture
def wsgi_server(_wsgi_record: _Record) -> Iterator[ServeApplication]:
    """Serve an application on a free port, validated: ``url = wsgi_server(app).url``."""
    from gatewright.simple_server import ThreadingWSGIServer, make_server
    from gatewright.validate import checked

    policy = _wsgi_record.policy()
    handler_class = _handler_class(_wsgi_record.calls)
    with ExitStack() as servers:

        def serve(application: WSGIApplication, /) -> Served:
            server = make_server("127.0.0.1", 0, checked(application, policy), ThreadingWSGIServer, handler_class)
            servers.enter_context(server)
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
            thread.start()
            servers.callback(thread.join)
            servers.callback(server.shutdown)
            return Served("127.0.0.1", server.server_port)

        yield serve
        _wsgi_record.calls.wait()


def _handler_class(calls: _Calls) -> type[WSGIRequestHandler]:
    """Return a request handler that says when the call of an application is over, its body closed."""
    from gatewright.simple_server import ServerHandler, WSGIRequestHandler

    class CountedHandler(ServerHandler):
        def run(self, application: WSGIApplication) -> None:
            with calls:
                super().run(application)

    class RequestHandler(WSGIRequestHandler):
        gateway_handler_class = CountedHandler

    return RequestHandler
