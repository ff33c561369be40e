"""One process that serves connections: an event loop and threads, whatever protocol is spoken.

A gateway or server writes a :class:`Connection` for its protocol and hands it to a :class:`Worker`, or to :func:`serve`
if it is a whole program.  For POSIX systems; nothing here runs on Windows.
"""

from gatewright.worker.contract import Connect, Connection, Interest, Peer, Turn
from gatewright.worker.program import serve
from gatewright.worker.waiting import wait
from gatewright.worker.worker import Worker

__all__ = ["Connect", "Connection", "Interest", "Peer", "Turn", "Worker", "serve", "wait"]
