"""Several requests open on one connection (FastCGI 1.0, section 2.2): one thread reads, each request has its own."""

from __future__ import annotations

import logging
import select
import socket
from contextlib import suppress
from threading import Condition, Thread
from typing import TYPE_CHECKING

from gatewright.gateways.errors import MalformedRequest
from gatewright.worker.stream import RECEIVE

if TYPE_CHECKING:
    from gatewright.gateways.fastcgi.connection import FastCGIConnection
    from gatewright.gateways.fastcgi.request import Request

__all__ = ["Multiplexer"]

_LOG = logging.getLogger("gatewright.gateways")


class Multiplexer:
    """Reads a connection for all its requests until none runs any more.

    What a request does not read yet is kept for it, first in memory and then in a file, so that the others go on.

    Args:
        connection: nobody else reads its socket meanwhile.
        running: requests that run already, in the thread that makes the multiplexer.
    """

    def __init__(self, connection: FastCGIConnection, running: int = 0) -> None:
        self.changed: Condition = Condition()
        """Held while the requests of the connection change; notified after."""
        self._connection = connection
        self._running = running
        self._thread: Thread | None = None
        self._bell, self._ringer = socket.socketpair()
        self._bell.setblocking(False)
        self._ringer.setblocking(False)

    def start(self) -> None:
        """Read in a thread of its own."""
        self._thread = Thread(target=self.serve, name="gatewright-multiplexer", daemon=True)
        self._thread.start()

    def join(self) -> None:
        """Wait until no request runs, and for the thread."""
        if self._thread is not None:
            self._thread.join()

    def serve(self) -> None:
        """Read, and run requests, until none runs."""
        connection, poll = self._connection, select.poll()
        poll.register(connection.socket, select.POLLIN)
        poll.register(self._bell, select.POLLIN)
        watching = True
        while self._start_requests():
            for descriptor, _ in poll.poll():
                if descriptor == self._bell.fileno():
                    self._bell.recv(RECEIVE)
                elif not self._receive() and watching:
                    watching = False
                    poll.unregister(connection.socket)
        self._bell.close()
        self._ringer.close()

    def _start_requests(self) -> bool:
        """Start a thread for each request whose variables have come; tell whether any runs."""
        with self.changed:
            for request in self._connection.runnable():
                request.running = True
                self._running += 1
                Thread(target=self._run, args=(request,), name="gatewright-request", daemon=True).start()
            return self._running > 0

    def _run(self, request: Request) -> None:
        try:
            self._connection.run(request)
        except (ConnectionError, TimeoutError):
            self._connection.broken = True
        except Exception:  # noqa: BLE001  # of a thread that has nobody else to tell
            _LOG.exception("%s connection ended", self._connection.protocol)
            self._connection.broken = True
        finally:
            self.done()

    def done(self) -> None:
        """Count a request that runs no more."""
        with self.changed, suppress(BlockingIOError):  # of a bell that has not been heard yet
            self._running -= 1
            self._ringer.send(b"!")

    def _receive(self) -> bool:
        """Receive once and deal with it; False if the connection has come to its end."""
        connection = self._connection
        try:
            data = connection.socket.recv(RECEIVE)
        except BlockingIOError:
            return True
        except ConnectionError:
            data = b""
        with self.changed:
            try:
                if data:
                    connection.feed(data)
            except MalformedRequest as error:
                connection.report(error)
                data = b""
            except (ConnectionError, TimeoutError):
                data = b""
            if not data:
                connection.give_up()
            self.changed.notify_all()
        return bool(data)
