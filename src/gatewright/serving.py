"""What ``gatewright serve`` starts: a program for each protocol, which says where it serves and when it has stopped."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeAlias

from attrs import asdict, evolve, frozen

from gatewright import sockets
from gatewright.errors import ConfigurationError
from gatewright.sockets import Access, Address, InheritedAddress, TCPAddress, UnixAddress
from gatewright.types import WSGIApplication

if TYPE_CHECKING:
    from gatewright.simple_server import ThreadingWSGIServer

__all__ = ["Options", "prepare"]

Program: TypeAlias = Callable[[str, WSGIApplication], None]
"""Serves what is called so, until SIGTERM or SIGINT."""


@frozen(kw_only=True)
class Options:
    """What the command line says; None where it says nothing."""

    bind: Sequence[str] | None = None
    threads: int | None = None
    backlog: int | None = None
    mode: str | None = None
    owner: str | None = None
    script_name: str | None = None
    allow: str | None = None


_AS_WRITTEN = {
    "threads": "--threads",
    "backlog": "--backlog",
    "mode": "--socket-mode",
    "owner": "--socket-owner",
    "script_name": "--script-name",
    "allow": "--allow",
}


def prepare(protocol: Literal["http", "fastcgi", "scgi"], options: Options) -> Program:
    """Return the program for a protocol.

    Raises:
        ConfigurationError: if an option makes no sense, by itself or for the protocol.  So does the program, if it
            cannot listen.
    """
    addresses = [sockets.parse(text) for text in options.bind or ()]
    return _prepare_http(addresses, options) if protocol == "http" else _prepare_gateway(protocol, options)


def _prepare_gateway(protocol: Literal["fastcgi", "scgi"], options: Options) -> Program:
    from gatewright.gateways import fastcgi, scgi

    run = partial(
        {"fastcgi": fastcgi.run, "scgi": scgi.run}[protocol],
        threads=8 if options.threads is None else options.threads,
        backlog=1024 if options.backlog is None else options.backlog,
        access=_access(options.mode, options.owner),
        script_name=options.script_name,
        allowed=None if options.allow is None else sockets.parse_peers(options.allow),
    )

    def serve(target: str, application: WSGIApplication) -> None:
        run(application, *(options.bind or ()), ready=lambda where: _tell(f"{target} by {where}"))
        print("Stopped", flush=True)

    return serve


def _access(mode: str | None, owner: str | None) -> Access | None:
    if mode is None and owner is None:
        return None
    if mode is not None and not re.fullmatch("[0-7]{3,4}", mode):
        raise ConfigurationError(f"socket mode {mode!r} is not one like 660, in octal digits")
    user, _, group = (owner or "").partition(":")
    return Access(None if mode is None else int(mode, 8), user or None, group or None)


def _prepare_http(addresses: Sequence[Address], options: Options) -> Program:
    for name, value in asdict(options).items():
        if value is not None and name != "bind":
            raise ConfigurationError(f"{_AS_WRITTEN[name]} is for --protocol fastcgi and scgi")
    if len(addresses) > 1:
        raise ConfigurationError("more than one --bind is for --protocol fastcgi and scgi")
    address = addresses[0] if addresses else TCPAddress("127.0.0.1", 8000)
    if isinstance(address, InheritedAddress):
        raise ConfigurationError(f"address {address} is for --protocol fastcgi and scgi")
    return partial(_serve_http, address)


def _serve_http(address: TCPAddress | UnixAddress, target: str, application: WSGIApplication) -> None:
    try:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with _simple_server(address, application) as server:
            found = evolve(address, port=server.server_port) if isinstance(address, TCPAddress) else address
            _tell(f"{target} on {found}")
            server.serve_forever()
    except KeyboardInterrupt:
        print("Stopped", flush=True)


def _tell(what: str) -> None:
    print(f"Serving {what} (Ctrl-C stops it)", flush=True)


def _simple_server(address: TCPAddress | UnixAddress, application: WSGIApplication) -> ThreadingWSGIServer:
    from gatewright.simple_server import ThreadingWSGIServer, make_server

    sockets.family_of(address)  # says more about a host that cannot be resolved than bind() would
    host, port = (str(address), 0) if isinstance(address, UnixAddress) else (address.host, address.port)
    try:
        return make_server(host, port, application, server_class=ThreadingWSGIServer)
    except OSError as refusal:
        raise ConfigurationError(f"cannot listen on {address}: {refusal.strerror or refusal}") from refusal
