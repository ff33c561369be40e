"""The set-ups: each a configuration from the documentation, and what its web server does to requests."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from attrs import frozen

CONFIGURATIONS: Final = Path(__file__).parents[3] / "docs" / "web-servers"
"""The home of the configurations: users read what the tests run."""


@frozen(kw_only=True)
class Setup:
    """One way to put an application behind a web server, and what is then to be expected.

    Attributes:
        name: the configuration's, without suffix; it begins with the web server's.
        log: the file in which ``wsgi.errors`` ends up; SCGI has no way to the web server's.
        refused: the bytes that the web server refuses in a path, percent-encoded.
        refusal: the status with which it does.
        merges_slashes: whether slashes in a row become one; Apache looks for scripts along the path, name by name.
        refused_in_query: the bytes that it refuses in a query, percent-encoded or not.
        refused_raw: the bytes that gatewright refuses in a query that does not encode them.
        mounts: whether the web server says where the application is mounted, and resolves dots in paths: a proxy says
            what the client said.
        normalizes_query: whether it writes the query anew, as lighttpd does with ``url-normalize-unreserved`` and
            ``url-normalize-required``, which Debian switches on.
        streams_requests: whether the application is called before the whole request is there.
        takes_chunks: whether it takes a request whose length the client does not tell.
        tells_of_failure: whether a response without Content-Length that ends too early is seen to.  CGI has no way
            to say so, and what nginx passes on unbuffered ends well for it, however it ends.  None if it depends on the
            moment: lighttpd takes the end of a connection that it sees before it reads for a good one.
        run_once: whether the process serves one request.
        crowd: how many requests are made at once.
    """

    name: str
    log: str = "error.log"
    refused: frozenset[int] = frozenset({0})
    refusal: int = 400
    merges_slashes: bool = False
    refused_in_query: frozenset[int] = frozenset()
    refused_raw: frozenset[int] = frozenset()
    mounts: bool = True
    normalizes_query: bool = False
    streams_requests: bool = False
    takes_chunks: bool = True
    tells_of_failure: bool | None = True
    run_once: bool = False
    crowd: int = 200

    @property
    def server(self) -> str:
        """The web server."""
        return self.name.partition("-")[0]

    @property
    def configuration(self) -> Path:
        """The file in the documentation."""
        return CONFIGURATIONS / f"{self.name}.conf"


NOT_FOR_LIGHTTPD: Final = frozenset({*range(32), 127, 192, 193, *range(245, 256)})
"""``url-ctrls-reject``, which Debian switches on, refuses controls and what is never part of UTF-8."""

FEW: Final = 20
"""Each request to a CGI script is a process: 200 interpreters at once need 3 GB and half a minute."""

ALL: Final = (
    Setup(name="nginx-http", log="gateway.out", mounts=False, refused_raw=frozenset(range(128, 256))),
    Setup(name="nginx-fastcgi"),
    Setup(name="nginx-fastcgi-unix", streams_requests=True, tells_of_failure=False),
    Setup(name="nginx-scgi", log="gateway.out"),
    Setup(name="nginx-scgi-unix", log="gateway.out", streams_requests=True, tells_of_failure=False),
    Setup(
        name="lighttpd-fastcgi",
        refused=NOT_FOR_LIGHTTPD,
        refused_in_query=NOT_FOR_LIGHTTPD,
        normalizes_query=True,
        merges_slashes=True,
        tells_of_failure=None,
    ),
    Setup(
        name="lighttpd-scgi",
        log="gateway.out",
        refused=NOT_FOR_LIGHTTPD,
        refused_in_query=NOT_FOR_LIGHTTPD,
        normalizes_query=True,
        merges_slashes=True,
        streams_requests=True,
        takes_chunks=False,
        tells_of_failure=None,
    ),
    Setup(
        name="lighttpd-cgi",
        log="breakage.log",
        refused=NOT_FOR_LIGHTTPD,
        refused_in_query=NOT_FOR_LIGHTTPD,
        normalizes_query=True,
        merges_slashes=True,
        streams_requests=True,
        takes_chunks=False,
        tells_of_failure=False,
        run_once=True,
        crowd=FEW,
    ),
    Setup(
        name="apache-cgid",
        refusal=404,
        merges_slashes=True,
        streams_requests=True,
        tells_of_failure=False,
        run_once=True,
        crowd=FEW,
    ),
    Setup(name="apache-proxy-fcgi", refusal=404, streams_requests=True),
    Setup(
        name="apache-proxy-scgi",
        log="gateway.out",
        refusal=404,
        merges_slashes=True,
        streams_requests=True,
        takes_chunks=False,
    ),
    Setup(name="apache-fcgid", refusal=404, merges_slashes=True, tells_of_failure=False),
)

SETUPS: Final = {setup.name: setup for setup in ALL}
