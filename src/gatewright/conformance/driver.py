"""The server's side of the calls, and the threads that make them."""

from __future__ import annotations

import os
import sysconfig
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from time import monotonic
from typing import Final

from attrs import define, evolve, field

from gatewright import validate
from gatewright.conformance.findings import Audit, Failure, findings_of, once, one_line
from gatewright.conformance.requests import Request, environ_of
from gatewright.spec.checks import Violation, violation_of
from gatewright.spec.rules import Party
from gatewright.types import HeaderList, OptExcInfo, WSGIApplication
from gatewright.validate import Action, Policy, checked

__all__ = ["Server", "drive"]

_PATIENCE: Final = 2.0  # seconds after which a response that goes on and on is closed, as by a client that went away
_DRIVER: Final = os.path.dirname(__file__) + os.sep
_VALIDATOR: Final = os.path.splitext(str(validate.__file__).removesuffix(f"{os.sep}__init__.py"))[0]
_INSTALLED: Final = tuple(sysconfig.get_path(name) + os.sep for name in ("stdlib", "purelib", "platlib"))


def drive(
    application: WSGIApplication, requests: Sequence[Request], done: Callable[[], object] = lambda: None
) -> Audit:
    """Send requests to an application, each after the other, through the validator.

    Args:
        application: the application.  What it prints to ``wsgi.errors`` is dropped.
        requests: the requests.  A response that takes longer than two seconds is closed then, as if the client had
            gone; a block that never comes is waited for.
        done: called after each request.

    Returns:
        What was found.  An exception of the application's own is part of that; only ``KeyboardInterrupt`` passes.
    """
    found = _Found(application)
    for request in requests:
        found.send(request)
        done()
    return found.audit()


@define
class _Found:
    """What was found so far.  Several threads may add to it, each to the ends of lists only."""

    application: WSGIApplication
    calls: int = 0
    statuses: list[str] = field(factory=list[str])
    violations: list[tuple[Violation, Request]] = field(factory=list[tuple[Violation, Request]])
    failures: list[tuple[tuple[str, str | None], Request]] = field(factory=list[tuple[tuple[str, str | None], Request]])

    def send(self, request: Request) -> None:
        """Send one request, from as many threads as its kind asks for."""
        self.calls += request.kind.threads
        if request.kind.threads == 1:
            self.call(request)
            return
        start = threading.Barrier(request.kind.threads)
        call = partial(self.call, request, start.wait)
        threads = [threading.Thread(target=call, daemon=True) for _ in range(request.kind.threads)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def call(self, request: Request, ready: Callable[[], object] = lambda: None) -> None:
        """Call the application once, as soon as ``ready()`` returns."""
        seen: list[Violation] = []
        server = Server(request)
        application = checked(self.application, Policy(Action.REPORT, Action.REPORT, report=seen.append))
        ready()
        try:
            server.run(application)
        except (Exception, SystemExit) as error:  # noqa: BLE001  # the application may raise what it likes
            if violation := violation_of(error):
                seen.append(violation)
            elif not (seen and _is_ours(error)):  # what follows of a violation is no news
                self.failures.append((_told(error), request))
        self.statuses += server.statuses
        # The server's are not the application's: ours is lenient on purpose.
        own = [_placed(violation) for violation in seen if violation.side is not Party.SERVER]
        self.violations += [(violation, request) for violation in own]

    def audit(self) -> Audit:
        """Return it, the same things once."""
        failures = [Failure(*told, requests) for told, requests in once(self.failures, lambda told: told)]
        return Audit(self.calls, Counter(self.statuses), findings_of(self.violations), failures)


@define
class Server:
    """The server's side of one call, in as few words as PEP 3333 allows; nothing is sent anywhere.

    What a strict server refuses (rules S47 and S50) it lets pass, so that what follows of the application is seen too.

    Attributes:
        request: the request.
        statuses: the status code, once start_response was called.
        sent: whether a server would have sent the head by now.
    """

    request: Request
    statuses: list[str] = field(factory=list[str])
    sent: bool = False

    def run(self, application: WSGIApplication) -> None:
        """Call the application, take as much of the response as the request wants, and close it."""
        result = application(environ_of(self.request), self.start_response)
        try:
            self.take(result)
        finally:
            close = getattr(result, "close", None)
            if close is not None:
                close()

    def take(self, result: Iterable[bytes]) -> None:
        """Take blocks until there are enough."""
        wanted, until = self.request.kind.blocks, monotonic() + _PATIENCE
        if wanted == 0:
            return
        taken = 0
        for block in result:
            self.write(block)
            taken += bool(block)
            if taken == wanted or monotonic() > until:
                return

    def start_response(
        self, status: str, headers: HeaderList, exc_info: OptExcInfo | None = None, /
    ) -> Callable[[bytes], object]:
        """Remember the status; raise the exception once the head is sent (rule S47)."""
        try:
            if exc_info and exc_info[1] and self.sent:
                raise exc_info[1].with_traceback(exc_info[2])
        finally:
            exc_info = None  # it holds this frame
        self.statuses = [str(status)[:3]]
        return self.write

    def write(self, block: bytes, /) -> None:
        """Take note that the head goes out with the first block that is not empty."""
        self.sent = self.sent or bool(block)


def _placed(violation: Violation) -> Violation:
    """Take away a place that is not the application's but ours, the nearest that the validator knew."""
    return evolve(violation, place=None) if (violation.place or "").startswith(_DRIVER) else violation


def _told(error: BaseException) -> tuple[str, str | None]:
    words = one_line(" ".join("".join(traceback.format_exception_only(error)).split()))
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not _is_machinery(frame.filename)]
    own = [frame for frame in frames if not frame.filename.startswith(_INSTALLED)] or frames
    return words, f"{own[-1].filename}:{own[-1].lineno} in {own[-1].name}" if own else None


def _is_ours(error: BaseException) -> bool:
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and _is_machinery(frames[-1].filename)


def _is_machinery(filename: str) -> bool:
    return filename.startswith((_DRIVER, _VALIDATOR))
