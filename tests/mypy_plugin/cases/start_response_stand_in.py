"""What middleware passes on as start_response."""

import wsgiref.types
from collections.abc import Iterable
from typing import Any

from gatewright.types import Environ, HeaderList, OptExcInfo, StartResponse, Write, WSGIApplication


def inner(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    return []


def theirs(
    environ: wsgiref.types.WSGIEnvironment, start_response: wsgiref.types.StartResponse
) -> Iterable[bytes]:
    return []


class Middleware:
    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        def two(status: str, headers: HeaderList) -> Write:
            return start_response(status, headers)

        def three(status: str, headers: HeaderList, exc_info: OptExcInfo) -> Write:
            return start_response(status, headers, exc_info)

        def by_keyword(status: str, headers: HeaderList, *, exc_info: OptExcInfo | None = None) -> Write:
            return start_response(status, headers, exc_info)

        def nothing(status: str, headers: HeaderList, exc_info: OptExcInfo | None = None) -> None:
            start_response(status, headers, exc_info)

        async def asynchronous(status: str, headers: HeaderList, exc_info: OptExcInfo | None = None) -> Write:
            return start_response(status, headers, exc_info)

        def right(status: str, headers: HeaderList, exc_info: OptExcInfo | None = None) -> Write:
            return start_response(status, headers, exc_info)

        def anything(*args: Any) -> Any:
            return start_response(*args)

        self.app(environ, two)  # E: "two" takes two arguments, and applications pass two or three: let the last be exc_info=None (S42)  [wsgi-app]
        self.app(environ, three)  # E: "three" takes three arguments, and applications pass two or three: let the last be exc_info=None (S42)  [wsgi-app]
        self.app(environ, by_keyword)  # E: "by_keyword" takes two arguments, and applications pass two or three: let the last be exc_info=None (S42)  [wsgi-app]
        self.app(environ, nothing)  # E: "nothing" returns "None": return what the server's start_response returned (S43)  [wsgi-app]
        self.app(environ, asynchronous)  # E: "asynchronous" is asynchronous, and applications do not await it: drop async (S43)  [wsgi-app]
        self.app(environ, lambda status, headers: start_response(status, headers))  # E: This lambda takes two arguments, and applications pass two or three: let the last be exc_info=None (S42)  [wsgi-app]
        inner(environ, two)  # E: "two" takes two arguments, and applications pass two or three: let the last be exc_info=None (S42)  [wsgi-app]
        theirs(environ, two)  # E: "two" takes two arguments, and applications pass two or three: let the last be exc_info=None (S42)  [wsgi-app]
        self.app(environ, right)
        self.app(environ, anything)
        self.app(environ, lambda status, headers, exc_info=None: start_response(status, headers, exc_info))
        theirs(environ, right)
        inner(environ, start_response)
        return self.app(environ, start_response)
