"""Addresses to listen on, as text and as values."""

from __future__ import annotations

import re
import socket
from typing import TypeAlias

from attrs import frozen

from gatewright.errors import ConfigurationError

__all__ = ["WILDCARDS", "Address", "InheritedAddress", "TCPAddress", "UnixAddress", "family_of", "parse", "parse_peers"]

# What stands for every interface, in a request to bind; none of them is a name that a client could use.
WILDCARDS = frozenset({"", "0.0.0.0", "::"})  # noqa: S104  # recognised, not bound

# The names of hosts (RFC 952, RFC 1123), with the underscore that real networks use; IPv4 addresses among them.
_HOST = re.compile(r"[A-Za-z0-9._-]+")

# IPv6 (RFC 4291), with a zone (RFC 4007) perhaps; whether it is well-formed, bind() says.
_IPV6 = re.compile(r"[0-9A-Fa-f:.]+(?:%[A-Za-z0-9._-]+)?")

_USAGE = "HOST:PORT, [IPv6]:PORT, :PORT, unix:PATH or fd://N"


@frozen
class TCPAddress:
    """A host, "" for every IPv4 interface, and a port, 0 for any that is free; ``str()`` is the URL to print."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"http://{self.pair}"

    @property
    def pair(self) -> str:
        """``HOST:PORT`` or ``[IPv6]:PORT``, where it is not HTTP that is spoken."""
        host = self.host or "0.0.0.0"  # noqa: S104  # printed, not bound
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"


@frozen
class UnixAddress:
    """The path of a Unix socket; ``str()`` is ``unix:PATH``."""

    path: str

    def __str__(self) -> str:
        return f"unix:{self.path}"


@frozen
class InheritedAddress:
    """A listening socket that whoever started this process left open under this number; ``str()`` is ``fd://N``."""

    descriptor: int

    def __str__(self) -> str:
        return f"fd://{self.descriptor}"


Address: TypeAlias = TCPAddress | UnixAddress | InheritedAddress


def parse(text: str) -> Address:
    """Return the address that the text writes: ``HOST:PORT``, ``[IPv6]:PORT``, ``:PORT``, ``unix:PATH`` or ``fd://N``.

    Raises:
        ConfigurationError: if it is anything else, or the port is not a number from 0 to 65535; with what may be meant.
    """
    if text.startswith("unix:"):
        return UnixAddress(_unix_path(text))
    if text.startswith("fd://"):
        return InheritedAddress(_descriptor(text))
    host, colon, port = text.rpartition(":")
    if "://" in text:
        raise ConfigurationError(f"address {text!r} is a URL; {_advice(text)}")
    if not colon or not port.isascii() or not port.isdigit() or len(port) > 5 or int(port) > 65535:
        raise ConfigurationError(f"address {text!r} has no port from 0 to 65535; {_advice(text)}")
    if host.startswith("[") and host.endswith("]") and ":" in host and _IPV6.fullmatch(host[1:-1]):
        return TCPAddress(host[1:-1], int(port))
    if ":" in host:
        raise ConfigurationError(f"address {text!r}: an IPv6 address stands in brackets, as in [::1]:8000")
    if host and not _HOST.fullmatch(host):
        raise ConfigurationError(f"address {text!r} has no valid host; write {_USAGE}")
    return TCPAddress(host, int(port))


def _advice(text: str) -> str:
    """Say what may be meant: by a port alone, a host alone, a URL or a path."""
    if "://" in text:
        meant = text.partition("://")[2].partition("/")[0]
    elif "/" in text:
        meant = f"unix:{text}"
    else:
        meant = f"127.0.0.1:{text}" if text.isdigit() or not text else f"{text}:8000"
    try:
        parse(meant)
    except ConfigurationError:
        return f"write {_USAGE}"
    return f"is {meant!r} meant?"


def _unix_path(text: str) -> str:
    path = text.removeprefix("unix:")
    if not path or "\0" in path:
        raise ConfigurationError(f"address {text!r} has no valid path; write {_USAGE}")
    return path


def _descriptor(text: str) -> int:
    number = text.removeprefix("fd://")
    if not number.isascii() or not number.isdigit() or len(number) > 6:
        raise ConfigurationError(f"address {text!r} has no number of a descriptor; write {_USAGE}")
    return int(number)


def parse_peers(text: str) -> frozenset[str]:
    """Return the IP addresses that a list with commas between them names, as FCGI_WEB_SERVER_ADDRS does.

    Raises:
        ConfigurationError: if one of them is none.
    """
    from ipaddress import ip_address  # only where there is a list

    try:
        found = [ip_address(part.strip()) for part in text.split(",")]
    except ValueError as wrong:
        raise ConfigurationError(f"{text!r} is not a list of IP addresses: {wrong}") from wrong
    return frozenset(str(getattr(address, "ipv4_mapped", None) or address) for address in found)


def family_of(address: TCPAddress | UnixAddress) -> socket.AddressFamily:
    """Return the address family to bind with: IPv4 if the host has any IPv4 address, so that a name means one thing.

    Raises:
        ConfigurationError: if the host cannot be resolved, or this platform has no Unix sockets.
    """
    if isinstance(address, UnixAddress):
        if not hasattr(socket, "AF_UNIX"):
            raise ConfigurationError(f"address {address}: this platform has no Unix sockets")
        return socket.AF_UNIX
    try:
        found = socket.getaddrinfo(address.host or None, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as unknown:
        raise ConfigurationError(f"address {address}: host {address.host!r} cannot be resolved") from unknown
    families = {family for family, *_ in found}
    return socket.AF_INET if socket.AF_INET in families else socket.AF_INET6
