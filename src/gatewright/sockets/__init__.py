"""Where a server listens: addresses as text and as values, listening sockets, inherited and Unix ones among them.

Every fault here is the operator's or the machine's: :class:`~gatewright.errors.ConfigurationError`, one line to print.
"""

from gatewright.sockets.address import (
    WILDCARDS,
    Address,
    InheritedAddress,
    TCPAddress,
    UnixAddress,
    family_of,
    parse,
    parse_peers,
)
from gatewright.sockets.inheritance import inherited
from gatewright.sockets.listener import Listener
from gatewright.sockets.listening import listen, listen_all
from gatewright.sockets.unix import Access, clear_stale, identity, remove

__all__ = [
    "WILDCARDS",
    "Access",
    "Address",
    "InheritedAddress",
    "Listener",
    "TCPAddress",
    "UnixAddress",
    "clear_stale",
    "family_of",
    "identity",
    "inherited",
    "listen",
    "listen_all",
    "parse",
    "parse_peers",
    "remove",
]
