"""The set-ups: each a configuration from the documentation, and what its web server does to requests."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from attrs import field, frozen

CONFIGURATIONS: Final = Path(__file__).parents[3] / "docs" / "web-servers"
"""The home of the configurations: users read what the tests run."""


@frozen(kw_only=True)
class Setup:
    """One way to put an application behind a web server, and what is then to be expected.

    Attributes:
        name: the configuration's, without suffix; it begins with the web server's.
        log: the file in which ``wsgi.errors`` ends up.
        refused: the bytes that the web server refuses in a path, percent-encoded.
        refusal: the status with which it does.
        merges_slashes: whether slashes in a row become one.
        refused_in_query: the bytes that it refuses in a query, percent-encoded or not.
        normalizes_query: whether it encodes and decodes what it likes in a query.
        streams_requests: whether the application is called before the whole request is there.
        tells_of_failure: whether a response without Content-Length that ends too early is seen to.
        run_once: whether the process serves one request.
        crowd: how many requests are made at once.
    """

    name: str
    log: str = "error.log"
    refused: frozenset[int] = frozenset({0})
    refusal: int = 400
    merges_slashes: bool = False
    refused_in_query: frozenset[int] = frozenset()
    normalizes_query: bool = False
    streams_requests: bool = False
    tells_of_failure: bool = True
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


SCGI: Final = {"log": "gateway.out", "tells_of_failure": False}
"""SCGI has no stream for errors, and no end of a response but the connection's."""

CGI: Final = {"run_once": True, "tells_of_failure": False, "crowd": 40}
"""Each request is a process, and 200 interpreters at once need 3 GB."""

NOT_FOR_LIGHTTPD: Final = frozenset({*range(32), 127, 192, 193, *range(245, 256)})
"""``url-ctrls-reject``, which Debian switches on, refuses controls and what is never part of UTF-8."""

LIGHTTPD: Final = {
    "refused": NOT_FOR_LIGHTTPD,
    "refused_in_query": NOT_FOR_LIGHTTPD,
    "normalizes_query": True,
    "merges_slashes": True,
    "streams_requests": True,
}
"""``url-normalize-unreserved`` and ``url-normalize-required``, likewise on, write the query anew."""

APACHE: Final = {"refusal": 404, "streams_requests": True}

WALK: Final = {"merges_slashes": True}
"""Apache looks for the script along the path, name by name."""

SETUPS: Final = {
    setup.name: setup
    for setup in (
        Setup(name="nginx-fastcgi"),
        Setup(name="nginx-fastcgi-unix", streams_requests=True),
        Setup(name="nginx-scgi", **SCGI),
        Setup(name="nginx-scgi-unix", streams_requests=True, **SCGI),
        Setup(name="lighttpd-fastcgi", **LIGHTTPD),
        Setup(name="lighttpd-scgi", **LIGHTTPD, **SCGI),
        Setup(name="lighttpd-cgi", **LIGHTTPD, **CGI),
        Setup(name="apache-cgid", **APACHE, **WALK, **CGI),
        Setup(name="apache-proxy-fcgi", **APACHE),
        Setup(name="apache-proxy-scgi", **APACHE, **WALK, **SCGI),
        Setup(name="apache-fcgid", **APACHE, **WALK),
    )
}
