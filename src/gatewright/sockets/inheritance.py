"""Listening sockets that whoever started this process made for it."""

from __future__ import annotations

import os
import socket

from gatewright.errors import ConfigurationError
from gatewright.sockets.address import Address, InheritedAddress, TCPAddress, UnixAddress
from gatewright.sockets.listener import Listener

__all__ = ["inherited", "take"]


def inherited() -> list[Listener]:
    """Return the listening sockets that this process was started with, those of systemd or else standard input.

    systemd names its own in LISTEN_FDS and LISTEN_PID (sd_listen_fds(3)), which are taken out of the environment, so
    that processes started from here do not take them for theirs.  Web servers and spawn-fcgi leave the socket as
    standard input (FastCGI 2.2), which is the null device from then on.

    Raises:
        ConfigurationError: if LISTEN_FDS is this process's, and wrong.
    """
    pid, count = os.environ.pop("LISTEN_PID", ""), os.environ.pop("LISTEN_FDS", "")
    os.environ.pop("LISTEN_FDNAMES", None)
    if pid == str(os.getpid()) and count:
        if not count.isascii() or not count.isdigit() or len(count) > 4:
            raise ConfigurationError(f"LISTEN_FDS is {count!r}, which is no number")
        return [take(InheritedAddress(3 + number)) for number in range(int(count))]  # 3 is SD_LISTEN_FDS_START
    return [take(InheritedAddress(0))] if _is_listening(0) else []


def _is_listening(descriptor: int) -> bool:
    try:
        with socket.fromfd(descriptor, socket.AF_UNIX, socket.SOCK_STREAM) as sock:  # of whatever family it is
            return bool(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    except OSError:
        return False


def take(address: InheritedAddress) -> Listener:
    """Make a socket of the descriptor that nobody else gets hold of: no reader of standard input, no child."""
    if not _is_listening(address.descriptor):
        raise ConfigurationError(f"address {address} is not a listening socket that this process was started with")
    descriptor = address.descriptor
    if descriptor == 0:
        descriptor = os.dup(0)
        with open(os.devnull, "rb") as nothing:
            os.dup2(nothing.fileno(), 0)
    os.set_inheritable(descriptor, False)
    sock = socket.socket(fileno=descriptor)
    return Listener(sock, _name_of(sock) or address)


def _name_of(sock: socket.socket) -> Address | None:
    """Return what the socket is bound to; None if that has no name that could be written."""
    if sock.family in {socket.AF_INET, socket.AF_INET6}:
        return TCPAddress(*sock.getsockname()[:2])
    name: object = sock.getsockname()
    return UnixAddress(name) if isinstance(name, str) and name else None  # bytes are a name without a file (Linux)
