"""The settings of the server: one class, from which the command line, the environment, files and the docs derive."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from inspect import cleandoc
from typing import Any, Final, Literal, TypeAlias

from attrs import Attribute, field, fields_dict, frozen

from gatewright.errors import ConfigurationError
from gatewright.server.limits import Limits
from gatewright.sockets import Access, Address, TCPAddress, parse

__all__ = ["AccessLog", "Settings", "described"]

AccessLog: TypeAlias = Literal["off", "combined", "json"]
"""The forms of the access log."""

_Check: TypeAlias = Callable[[object, "Attribute[Any]", Any], None]


_MOST: Final = 2**31 - 1  # what a C int holds: listen(2) takes no more

_LIMITS: Final = Limits()  # whose defaults are those of the settings that set them

_LONGEST: Final = 1_000_000  # seconds: poll(2) takes milliseconds in a C int


def _at_least(minimum: int, most: int = _MOST) -> _Check:
    def check(_: object, attribute: Attribute[Any], value: int) -> None:
        if not minimum <= value <= most:
            raise ConfigurationError(f"{attribute.name} is {value}, but must be a number from {minimum} to {most}")

    return check


def _seconds(_: object, attribute: Attribute[Any], value: float) -> None:
    if not 0 <= value <= _LONGEST:  # NaN is no setting either
        raise ConfigurationError(f"{attribute.name} is {value:g}, but must be from 0 to {_LONGEST} seconds")


def _some_seconds(_: object, attribute: Attribute[Any], value: float) -> None:
    if not 0 < value <= _LONGEST:
        raise ConfigurationError(f"{attribute.name} is {value:g}, but must be above 0 and up to {_LONGEST} seconds")


def _addresses(_: object, _attribute: Attribute[Any], value: tuple[str, ...]) -> None:
    given: set[Address] = set()
    for text in value:
        address = parse(text)
        if address in given and not (isinstance(address, TCPAddress) and address.port == 0):
            raise ConfigurationError(f"address {text!r} is given twice")
        given.add(address)


def _permissions(_: object, attribute: Attribute[Any], value: str) -> None:
    if not re.fullmatch("[0-7]{3,4}", value):
        raise ConfigurationError(f"{attribute.name} is {value!r}, but must be octal digits, such as 660")


def _owner(_: object, attribute: Attribute[Any], value: str) -> None:
    if not re.fullmatch(r"(\w[\w.@-]*\$?)?(:\w[\w.@-]*\$?)?", value):
        raise ConfigurationError(f"{attribute.name} is {value!r}, but must be USER, USER:GROUP or :GROUP")


def _one_of(*choices: str) -> _Check:
    def check(_: object, attribute: Attribute[Any], value: str) -> None:
        if value not in choices:
            raise ConfigurationError(f"{attribute.name} is {value!r}, but must be one of {', '.join(choices)}")

    return check


def _one_line(_: object, attribute: Attribute[Any], value: str) -> None:
    if not (value.isascii() and value.isprintable()):
        raise ConfigurationError(f"{attribute.name} is {value!r}, but is sent in a header: printable ASCII only")


@frozen(kw_only=True)
class Settings:
    """What a server is told: where to listen, how much to bear, how long to wait.

    A value that cannot be meant is refused when the settings are made, with a
    :class:`~gatewright.errors.ConfigurationError` of one line.

    Attributes:
        bind: Where to listen, one address or several: HOST:PORT, [IPv6]:PORT, :PORT for every IPv4 interface,
            unix:PATH, or fd://N for a socket that was inherited. Port 0 takes any that is free. With none given, the
            sockets that whoever started the process made for it (systemd), or else 127.0.0.1:8000.
        socket_mode: The permissions of Unix sockets, as octal digits. Nobody can connect before they are set.
        socket_owner: The owner of Unix sockets: USER, USER:GROUP or :GROUP, names or numbers. Empty leaves them to the
            user who runs the server.
        backlog: How many connections the system keeps waiting for each address.
        workers: Processes that share the load. A single one is a child of the supervisor as well, so that it can be
            replaced.
        threads: Threads of each worker. 1 runs every call inline; with more, a call that takes long is left to one
            thread and another goes on with the rest. So many calls may last at a time; one thread more, which the
            server has for itself, runs those that do not.
        connections: Connections that each worker holds at most. One more is answered 503 and closed; by FastCGI or SCGI
            it waits.
        request_line: Bytes of a request line; a longer one is answered 414.
        header_count: Header fields of a request; more are answered 431.
        field_size: Bytes of one header field; a longer one is answered 431.
        header_size: Bytes of all header fields of a request together; more are answered 431.
        body_size: Bytes of a request body; a longer one is answered 413, before the application is called if its length
            is declared, at the read that crosses the limit if it is chunked. 0 sets no limit.
        chunked_bodies: What becomes of a chunked request body, which has no length: "store" takes it in whole, in a
            temporary file if it is large, and tells the application its CONTENT_LENGTH, without which many frameworks
            see no body; "stream" hands it on as it comes.
        head_timeout: Seconds that a request's head may take from its first byte to its last.
        body_timeout: Seconds without a byte of a request body that was asked for; if it comes slower than body_rate,
            seconds altogether.
        body_rate: Bytes a second that a request body has to come with at least; 0 lets it take its time.
        keep_alive: Seconds that a connection may be idle between requests. 0 closes it after each response.
        write_timeout: Seconds that a client may take nothing of a response which waits for it.
        graceful_timeout: Seconds that requests in flight have to finish when a worker is told to stop.
        max_requests: Requests after which a worker is replaced; 0 for never.
        max_requests_jitter: A random number up to this is added to max_requests, so that workers do not stop together.
        access_log: Off, the combined format of web servers, or one JSON object a line; through the logger
            "gatewright.access".
        server_name: What the Server header says; empty sends none.
        underscores: What becomes of a header field whose name has an underscore, which environ cannot tell from a dash:
            "drop" leaves it out of environ, "refuse" answers 400.
        raw_targets: What becomes of a request target with bytes above 0x7F, which HTTP does not allow and old clients
            send: "refuse" answers 400, "take" hands them on as they are.
    """

    bind: tuple[str, ...] = field(default=(), converter=tuple[str, ...], validator=_addresses)
    socket_mode: str = field(default="660", validator=_permissions)
    socket_owner: str = field(default="", validator=_owner)
    backlog: int = field(default=1024, validator=_at_least(1))
    workers: int = field(default=1, validator=_at_least(1, 1_024))
    threads: int = field(default=8, validator=_at_least(1, 4_096))
    connections: int = field(default=10_000, validator=_at_least(1))
    request_line: int = field(default=_LIMITS.request_line, validator=_at_least(32))
    header_count: int = field(default=_LIMITS.fields, validator=_at_least(1))
    field_size: int = field(default=_LIMITS.field_line, validator=_at_least(64))
    header_size: int = field(default=_LIMITS.all_fields, validator=_at_least(256))
    body_size: int = field(default=_LIMITS.body, validator=_at_least(0, 2**63 - 1))
    chunked_bodies: Literal["store", "stream"] = field(default="store", validator=_one_of("store", "stream"))
    head_timeout: float = field(default=10.0, validator=_some_seconds)
    body_timeout: float = field(default=30.0, validator=_some_seconds)
    body_rate: int = field(default=256, validator=_at_least(0))
    keep_alive: float = field(default=5.0, validator=_seconds)
    write_timeout: float = field(default=30.0, validator=_some_seconds)
    graceful_timeout: float = field(default=30.0, validator=_seconds)
    max_requests: int = field(default=0, validator=_at_least(0))
    max_requests_jitter: int = field(default=0, validator=_at_least(0))
    access_log: AccessLog = field(default="off", validator=_one_of("off", "combined", "json"))
    server_name: str = field(default="gatewright", validator=_one_line)
    underscores: Literal["drop", "refuse"] = field(default="drop", validator=_one_of("drop", "refuse"))
    raw_targets: Literal["refuse", "take"] = field(default="refuse", validator=_one_of("refuse", "take"))

    @property
    def access(self) -> Access:
        """Who may connect to Unix sockets."""
        user, _, group = self.socket_owner.partition(":")
        return Access(int(self.socket_mode, 8), user or None, group or None)


def described() -> Iterator[tuple[str, object, str]]:
    """Yield each setting's name, its default, and what the class's docstring says of it."""
    texts = _attribute_texts(Settings.__doc__ or "")
    for name, attribute in fields_dict(Settings).items():
        yield name, attribute.default, texts[name]


_START: Final = "Attributes:"


def _attribute_texts(docstring: str) -> dict[str, str]:
    """Read the section of a Google-style docstring that describes the attributes."""
    texts: dict[str, str] = {}
    name = ""
    for line in cleandoc(docstring).partition(_START)[2].splitlines():  # Python 3.13 does not keep the indentation
        stripped = line.strip()
        if line.startswith(" " * 8):
            texts[name] += f" {stripped}"
        elif stripped:
            name, _, text = stripped.partition(": ")
            texts[name] = text
    return texts
