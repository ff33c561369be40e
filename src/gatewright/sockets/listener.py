"""A listening socket as a value."""

from __future__ import annotations

import socket
from typing import Self

from attrs import field, frozen

from gatewright.sockets.address import Address, UnixAddress
from gatewright.sockets.unix import remove

__all__ = ["Listener"]


@frozen
class Listener:
    """A listening socket and the address that it has; a context manager that closes it.

    Attributes:
        socket: bound and listening, blocking.
        address: where; with the port that was found if 0 was asked for.  Closing leaves the file of an inherited one.
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
