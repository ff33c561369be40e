"""How much a web server, and whoever stands behind it, may ask of a gateway."""

from __future__ import annotations

from attrs import field, frozen
from attrs.validators import ge, gt, lt, optional

__all__ = ["Limits"]


@frozen(kw_only=True)
class Limits:
    """The bounds of what a gateway takes; what goes beyond one ends the connection with a log line that names it.

    Attributes:
        variables_bytes: bytes of all variables of a request, names and values and what frames them.
        variables: number of variables of a request.
        values_bytes: bytes of a FastCGI record ``GET_VALUES``, and of any other record about the connection.
        requests: FastCGI requests that may be open on one connection at a time; a further one is told ``OVERLOADED``.
        waiting_body: bytes that a request body may have to be awaited whole before the application is called; a longer
            one, or one of unknown length, is read by the application as it comes.
        spooled_bytes: bytes of request bodies that are stored, for all requests of one FastCGI connection that
            multiplexes, because another one waits for its input; the first 64 KiB of each are in memory.
        head_timeout: seconds that a web server may take from the first byte of a request to its last variable.
        read_timeout: seconds between two parts of a request body.
        write_timeout: seconds that a web server may take nothing of a response.
        idle_timeout: seconds that a kept connection may be without a request; None for any time: the web server closes.
    """

    variables_bytes: int = field(default=131_072, validator=[gt(0), lt(1_000_000_000)])
    variables: int = field(default=1_000, validator=gt(0))
    values_bytes: int = field(default=4_096, validator=gt(0))
    requests: int = field(default=100, validator=gt(0))
    waiting_body: int = field(default=65_536, validator=ge(0))
    spooled_bytes: int = field(default=1_073_741_824, validator=ge(0))
    head_timeout: float = field(default=30.0, validator=gt(0))
    read_timeout: float = field(default=60.0, validator=gt(0))
    write_timeout: float = field(default=60.0, validator=gt(0))
    idle_timeout: float | None = field(default=None, validator=optional(gt(0)))
