"""Binding and listening."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Sequence
from contextlib import ExitStack

from gatewright.errors import ConfigurationError
from gatewright.sockets.address import Address, InheritedAddress, TCPAddress, UnixAddress, family_of
from gatewright.sockets.inheritance import inherited, take
from gatewright.sockets.listener import Listener
from gatewright.sockets.unix import Access, clear_stale, grant, identity, remove

__all__ = ["listen", "listen_all"]


def listen(address: Address, backlog: int = 128, access: Access | None = None) -> Listener:
    """Bind and listen.  A Unix socket that nobody listens on any more is replaced.

    Args:
        address: where.  An inherited socket listens already; it is taken as it is.
        backlog: how many connections the system may keep waiting.
        access: who may connect, if it is a Unix socket.  Nobody else can, not even for a moment.

    Raises:
        ConfigurationError: if the address is in use, belongs to a file that is no socket, may not be bound by this
            user, is not this machine's or cannot be resolved; if the descriptor is not of a listening socket; if the
            file cannot be given to the user and group.  No socket stays open then, and no file is left.
    """
    if isinstance(address, InheritedAddress):
        return take(address)
    sock = socket.socket(family_of(address), socket.SOCK_STREAM)
    try:
        return _listen(sock, address, backlog, access or Access())
    except BaseException:
        sock.close()
        raise


def listen_all(addresses: Sequence[Address], backlog: int = 1024, access: Access | None = None) -> list[Listener]:
    """Listen on every address, or on the sockets that this process was started with if no address is given.

    Args:
        addresses: where.
        backlog: how many connections the system may keep waiting.  A web server that finds the backlog of a Unix socket
            full does not wait; its client has an error.
        access: who may connect to Unix sockets.

    Raises:
        ConfigurationError: as :func:`listen` and :func:`inherited` do, and if there is nothing to listen on.
    """
    if not addresses:
        if found := inherited():
            return found
        raise ConfigurationError("there is nothing to listen on: no address, and no socket from whoever started this")
    with ExitStack() as undone:
        listeners = [undone.enter_context(listen(address, backlog, access)) for address in addresses]
        undone.pop_all()
    return listeners


def _listen(sock: socket.socket, address: TCPAddress | UnixAddress, backlog: int, access: Access) -> Listener:
    if isinstance(address, UnixAddress):
        return _listen_at_path(sock, address, backlog, access)
    if os.name == "posix":
        # Windows means something else by it: two servers on one port.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    _bind(sock, address, (address.host, address.port))
    sock.listen(backlog)
    return Listener(sock, TCPAddress(address.host, sock.getsockname()[1]))


def _listen_at_path(sock: socket.socket, address: UnixAddress, backlog: int, access: Access) -> Listener:
    """Bind so that nobody can connect before the file is as it is to be: nobody listens until then.

    The umask is the process's: other threads' files would be the worse for changing it.
    """
    clear_stale(address.path)
    _bind(sock, address, address.path)
    own = identity(address.path)
    try:
        grant(address.path, access)
        sock.listen(backlog)
    except BaseException:
        remove(address.path, own)
        raise
    return Listener(sock, address, own)


def _bind(sock: socket.socket, address: Address, target: str | tuple[str, int]) -> None:
    try:
        sock.bind(target)
    except OSError as refusal:
        raise ConfigurationError(f"address {address} {_why(refusal, address)}") from refusal


_PRIVILEGED = 1024
"""The first port that anybody may bind, where the system is set up as usual."""


def _why(refusal: OSError, address: Address) -> str:
    denied = "may not be bound by this user"
    if isinstance(address, TCPAddress) and address.port < _PRIVILEGED:
        denied += f": take a port from {_PRIVILEGED} on, or have systemd make the socket"
    reasons = {
        errno.EADDRINUSE: "is in use by another program",
        errno.EACCES: denied,
        errno.EPERM: denied,
        errno.EADDRNOTAVAIL: "is not an address of this machine",
        errno.ENOENT: "is in a folder that does not exist",
    }
    return reasons.get(refusal.errno or 0, f"cannot be bound: {refusal.strerror or refusal}")
