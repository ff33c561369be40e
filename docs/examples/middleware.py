"""Middleware that counts the bytes of each response, and keeps every promise of PEP 3333 about ``close()``."""

from collections.abc import Callable, Iterable, Iterator

from gatewright.types import Environ, StartResponse, SupportsClose, WSGIApplication


class Counted:
    """The application's body, block by block as it comes, counted when the server closes it."""

    def __init__(self, body: Iterable[bytes], report: Callable[[int], object]) -> None:
        self.body = body
        self.report = report
        self.count = 0

    def __iter__(self) -> Iterator[bytes]:
        for block in self.body:
            self.count += len(block)
            yield block

    def close(self) -> None:
        try:
            if isinstance(self.body, SupportsClose):  # rule M06
                self.body.close()
        finally:
            self.report(self.count)


def count_bytes(application: WSGIApplication, report: Callable[[int], object]) -> WSGIApplication:
    """Return the application with ``report(bytes of the body)`` called at the end of each response."""

    def counting(environ: Environ, start_response: StartResponse) -> Counted:
        return Counted(application(environ, start_response), report)

    return counting
