"""Where a server listens: addresses as text and as values, listening sockets, and Unix sockets that were left behind.

Every fault here is the operator's or the machine's: :class:`~gatewright.errors.ConfigurationError`, one line to print.
"""

from __future__ import annotations

import errno
import os
import re
import socket
import stat
from typing import Self, TypeAlias

from attrs import field, frozen

from gatewright.errors import ConfigurationError

__all__ = [
    "WILDCARDS",
    "Address",
    "Listener",
    "TCPAddress",
    "UnixAddress",
    "clear_stale",
    "family_of",
    "identity",
    "listen",
    "parse",
    "remove",
]

# What stands for every interface, in a request to bind; none of them is a name that a client could use.
WILDCARDS = frozenset({"", "0.0.0.0", "::"})  # noqa: S104  # recognised, not bound

# The names of hosts (RFC 952, RFC 1123), with the underscore that real networks use; IPv4 addresses among them.
_HOST = re.compile(r"[A-Za-z0-9._-]+")

# IPv6 (RFC 4291), with a zone (RFC 4007) perhaps; whether it is well-formed, bind() says.
_IPV6 = re.compile(r"[0-9A-Fa-f:.]+(?:%[A-Za-z0-9._-]+)?")

_USAGE = "HOST:PORT, [IPv6]:PORT, :PORT or unix:PATH"


@frozen
class TCPAddress:
    """A host, "" for every IPv4 interface, and a port, 0 for any that is free; ``str()`` is the URL to print."""

    host: str
    port: int

    def __str__(self) -> str:
        host = self.host or "0.0.0.0"  # noqa: S104  # printed, not bound
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


@frozen
class UnixAddress:
    """The path of a Unix socket; ``str()`` is ``unix:PATH``."""

    path: str

    def __str__(self) -> str:
        return f"unix:{self.path}"


Address: TypeAlias = TCPAddress | UnixAddress


def parse(text: str) -> Address:
    """Return the address that the text writes: ``HOST:PORT``, ``[IPv6]:PORT``, ``:PORT`` or ``unix:PATH``.

    Raises:
        ConfigurationError: if it is anything else, or the port is not a number from 0 to 65535.
    """
    if text.startswith("unix:"):
        return UnixAddress(_unix_path(text))
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or len(port) > 5 or int(port) > 65535:
        raise ConfigurationError(f"address {text!r} has no port from 0 to 65535; write {_USAGE}")
    if host.startswith("[") and host.endswith("]") and ":" in host and _IPV6.fullmatch(host[1:-1]):
        return TCPAddress(host[1:-1], int(port))
    if ":" in host:
        raise ConfigurationError(f"address {text!r}: an IPv6 address stands in brackets, as in [::1]:8000")
    if host and not _HOST.fullmatch(host):
        raise ConfigurationError(f"address {text!r} has no valid host; write {_USAGE}")
    return TCPAddress(host, int(port))


def _unix_path(text: str) -> str:
    path = text.removeprefix("unix:")
    if not path or "\0" in path:
        raise ConfigurationError(f"address {text!r} has no valid path; write {_USAGE}")
    return path


def family_of(address: Address) -> socket.AddressFamily:
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


@frozen
class Listener:
    """A listening socket and the address that it has; a context manager that closes it.

    Attributes:
        socket: bound and listening, blocking.
        address: where; with the port that was found if 0 was asked for.
    """

    socket: socket.socket
    address: Address
    _identity: tuple[int, int, int] | None = field(default=None, repr=False)

    def close(self) -> None:
        """Close the socket and remove its file, if it is a Unix socket and the file is still its own."""
        self.socket.close()
        if isinstance(self.address, UnixAddress):
            remove(self.address.path, self._identity)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def listen(address: Address, backlog: int = 128) -> Listener:
    """Bind and listen.  A Unix socket that nobody listens on any more is replaced.

    Args:
        address: where.
        backlog: how many connections the system may keep waiting.

    Raises:
        ConfigurationError: if the address is in use, belongs to a file that is no socket, may not be bound by this
            user, is not this machine's or cannot be resolved.  No socket stays open then.
    """
    sock = socket.socket(family_of(address), socket.SOCK_STREAM)
    try:
        return _listen(sock, address, backlog)
    except BaseException:
        sock.close()
        raise


def _listen(sock: socket.socket, address: Address, backlog: int) -> Listener:
    if isinstance(address, UnixAddress):
        clear_stale(address.path)
        _bind(sock, address, address.path)
        sock.listen(backlog)
        return Listener(sock, address, identity(address.path))
    if os.name == "posix":
        # Windows means something else by it: two servers on one port.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    _bind(sock, address, (address.host, address.port))
    sock.listen(backlog)
    return Listener(sock, TCPAddress(address.host, sock.getsockname()[1]))


def _bind(sock: socket.socket, address: Address, target: str | tuple[str, int]) -> None:
    try:
        sock.bind(target)
    except OSError as refusal:
        raise ConfigurationError(f"address {address} {_why(refusal)}") from refusal


def _why(refusal: OSError) -> str:
    reasons = {
        errno.EADDRINUSE: "is in use by another program",
        errno.EACCES: "may not be bound by this user",
        errno.EPERM: "may not be bound by this user",
        errno.EADDRNOTAVAIL: "is not an address of this machine",
        errno.ENOENT: "is in a folder that does not exist",
    }
    return reasons.get(refusal.errno or 0, f"cannot be bound: {refusal.strerror or refusal}")


def identity(path: str) -> tuple[int, int, int] | None:
    """Return what tells a socket's file from the next one of the same name, or None if there is no such socket.

    The time is part of it because a file system may give the next file the same inode.
    """
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return (found.st_dev, found.st_ino, found.st_mtime_ns) if stat.S_ISSOCK(found.st_mode) else None


def remove(path: str, own: tuple[int, int, int] | None) -> None:
    """Remove a Unix socket's file if it still is the one whose :func:`identity` was ``own``."""
    if own is not None and identity(path) == own:
        os.unlink(path)


def clear_stale(path: str) -> None:
    """Remove a Unix socket that nobody listens on; do nothing if there is no file of that name.

    Raises:
        ConfigurationError: if somebody listens on it, or the file is no socket, or nobody can tell.
    """
    if not os.path.lexists(path):
        return
    if identity(path) is None:
        raise ConfigurationError(f"address unix:{path} is in use: the file is no socket")
    if _answers(path):
        raise ConfigurationError(f"address unix:{path} is in use by another program")
    os.unlink(path)


def _answers(path: str) -> bool:
    """Whether a connection is not refused; one that waits (a full backlog) or may not be made is not refused either."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            return False
        except OSError:
            return True
    return True
