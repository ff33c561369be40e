"""A FastCGI connection: requests one after the other, or several at a time."""

from __future__ import annotations

import time
from io import BufferedIOBase, BufferedReader, BytesIO
from socket import socket
from threading import Lock
from typing import ClassVar

from gatewright.body import LengthBody, RequestBody
from gatewright.errors import ClientDisconnected
from gatewright.gateways.connection import GatewayConnection
from gatewright.gateways.errors import MalformedRequest
from gatewright.gateways.fastcgi import events, records
from gatewright.gateways.fastcgi.decoder import Decoder
from gatewright.gateways.fastcgi.handler import ErrorLog, FastCGIHandler, StdinStream
from gatewright.gateways.fastcgi.multiplexer import Multiplexer
from gatewright.gateways.fastcgi.quick import Whole, read_whole
from gatewright.gateways.fastcgi.request import ROLES, Request
from gatewright.gateways.service import Service
from gatewright.types import InputStream
from gatewright.worker.contract import Interest, Peer
from gatewright.worker.stream import RECEIVE

__all__ = ["FastCGIConnection"]


class FastCGIConnection(GatewayConnection):
    """Serves the requests of one connection.

    As a rule the thread that runs a request reads the socket itself, and only as far as the application reads.  When a
    second request is open on the connection, a :class:`Multiplexer` takes over reading, so that none waits for another.
    """

    protocol: ClassVar[str] = "FastCGI"

    broken: bool = False
    """Whether nothing more can be received or sent."""

    def __init__(self, sock: socket, peer: Peer, service: Service) -> None:
        super().__init__(sock, peer, service)
        self._decoder = Decoder(service.limits)
        self._requests: dict[int, Request] = {}
        self._multiplexer: Multiplexer | None = None
        self._multiplexes = False  # whether the web server has shown that it opens several requests at a time
        self._leaving = False  # whether the connection ends when the last request has ended
        self._unread = False  # whether a request has ended before its body had
        self._sending = Lock()

    # --- What comes ---

    def received(self, data: bytes) -> Interest:
        """Answer the requests that have come."""
        if self.idle:
            whole = read_whole(data, self.service.limits)
            if whole is not None:
                return self._run_whole(whole)
        self.feed(data)
        return self._proceed()

    def feed(self, data: bytes) -> None:
        """Take in what was received.

        Raises:
            MalformedRequest: it is not FastCGI or goes beyond a limit.
        """
        for event in self._decoder.receive(data):
            match event:
                case events.Begin():
                    self._begin(event)
                case events.GetValues(names):
                    self._tell_values(names)
                case events.UnknownType(kind):
                    self._answer(events.unknown_type(kind))
                case events.Variables(request_id, variables):
                    self._requests[request_id].variables = variables
                case events.Input(request_id, part):
                    self._take_in(self._requests[request_id], part)
                case events.Abort(request_id):
                    self._abort(self._requests[request_id])

    def _begin(self, event: events.Begin) -> None:
        refusal = self._refusal(event)
        if refusal is None:
            self._requests[event.request_id] = Request(event.request_id, event.role, keep_conn=event.keep_conn)
            self._multiplexes = self._multiplexes or len(self._requests) > 1
        else:
            self._decoder.end(event.request_id)
            self._leaving = self._leaving or not event.keep_conn
            self._unread = True
            self._answer(events.end_request(event.request_id, 0, refusal))

    def _refusal(self, event: events.Begin) -> int | None:
        if event.role not in ROLES:
            return records.UNKNOWN_ROLE
        if len(self._requests) >= self.service.limits.requests:
            return records.OVERLOADED
        return records.CANT_MPX_CONN if self._requests and not self.service.multithread else None

    def _tell_values(self, names: tuple[str, ...]) -> None:
        service = self.service
        known = {
            "FCGI_MAX_CONNS": str(service.connections),
            "FCGI_MAX_REQS": str(service.connections),
            "FCGI_MPXS_CONNS": str(int(service.multithread)),
        }
        self._multiplexes = self._multiplexes or (service.multithread and "FCGI_MPXS_CONNS" in names)
        self._answer(events.values_result({name: known[name] for name in known if name in names}))

    def _take_in(self, request: Request, part: bytes) -> None:
        if not part:
            request.ended = True
        elif request.role == records.RESPONDER:
            request.inbox.put(part, spool=self._multiplexer is not None)
            limit = self.service.limits.spooled_bytes
            if request.inbox.spooled and sum(each.inbox.spooled for each in self._requests.values()) > limit:
                raise MalformedRequest(f"more than {limit} bytes of request bodies wait to be read")

    def _abort(self, request: Request) -> None:
        request.aborted = True
        if not request.running:
            self._forget(request)
            self._answer(events.end_request(request.id, 1))

    def _answer(self, data: bytes) -> None:
        with self._sending:
            self.send_all([data])

    def _forget(self, request: Request) -> None:
        """Count a request as ended."""
        del self._requests[request.id]
        if request.known:
            self._decoder.end(request.id)
        request.inbox.close()
        request.variables = None  # wsgi.errors is among them and has the request: no cycle is to be left
        self._leaving = self._leaving or not request.keep_conn
        self._unread = self._unread or not request.ended

    # --- What is run ---

    def _run_whole(self, whole: Whole) -> Interest:
        """Run a request that came whole while nothing else was open; nearly all of them."""
        request = self._requests[1] = Request(1, records.RESPONDER, keep_conn=whole.keep_conn, known=False)
        request.variables = whole.variables
        request.running = True
        self._run_here(request, _whole_body(whole.body, request.content_length()))
        return self._rest() if self._leaving or self.broken or self.draining or request.known else Interest.READ

    def _proceed(self) -> Interest:
        """Run what is ready to run, one at a time or all at once."""
        waiting_body = self.service.limits.waiting_body
        while not self.broken:
            ready = [request for request in self._requests.values() if request.is_ready(waiting_body)]
            if not ready:
                break
            if self._multiplexes:
                self._multiplex()
            else:
                ready[0].running = True
                self._run_here(ready[0], self._body(ready[0]))
        return self._rest()

    def _rest(self) -> Interest:
        """Say what the connection waits for when nothing is left to run."""
        if self.broken:
            return Interest.CLOSE
        if self._leaving and not self._requests:
            return self.linger() if self._unread else Interest.CLOSE
        was_idle = self.idle
        self.idle: bool = self._decoder.is_idle()
        limits = self.service.limits
        if self.idle and self.draining:
            return Interest.CLOSE
        if self.idle:
            self.expect_request()
        elif any(request.variables is not None for request in self._requests.values()):
            self.deadline = time.monotonic() + limits.read_timeout
        elif was_idle:
            self.deadline: float = time.monotonic() + limits.head_timeout
        return Interest.READ

    def _run_here(self, request: Request, body: InputStream) -> None:
        """Run a request in this thread; if others began meanwhile, wait for those."""
        self._run(request, body)
        multiplexer = self._multiplexer
        if multiplexer is not None:
            multiplexer.done()
            multiplexer.join()
            self._multiplexer = None

    def _multiplex(self, running: int = 0) -> None:
        """Have a multiplexer read: in this thread if nothing runs in it, else in another."""
        if self._turn is not None and not self._turn.overtaken:
            self._turn.hand_over()
        self._turn = None  # it is this thread's, and others will wait on the socket now
        multiplexer = self._multiplexer = Multiplexer(self, running)
        if running:
            multiplexer.start()
        else:
            multiplexer.serve()
            self._multiplexer = None

    def runnable(self) -> list[Request]:
        """Return the requests that a multiplexer may run: those whose variables have come."""
        return [request for request in self._requests.values() if request.is_ready(-1)]

    def run(self, request: Request) -> None:
        """Run a request in this thread, to its end."""
        self._run(request, self._body(request))

    def _run(self, request: Request, body: InputStream) -> None:
        service = self.service
        variables = request.variables or {}
        variables["FCGI_ROLE"] = ROLES[request.role]
        handler = FastCGIHandler(service, variables, body)
        handler.connection = self
        handler.request = request
        handler.log = ErrorLog(self, request)
        handler.begun = False
        try:
            handler.run(service.application)
        finally:
            self._end(handler)

    def _end(self, handler: FastCGIHandler) -> None:
        """Send the end of a request; whoever reads next on the connection sees that it has ended."""
        request, multiplexer = handler.request, self._multiplexer
        if multiplexer is None:
            self._forget(request)
            if handler.is_cut_short() and not request.aborted:
                # Web servers take END_REQUEST for the end of a response that is whole, whatever status it has.  A plain
                # end of the connection is enough; a reset may overtake what was sent, and Apache answers with 503 then.
                self.send_all(handler.log.take())
                self._leaving = True
            elif not self.broken:
                self.send_all(handler.ending())
            return
        with multiplexer.changed:
            self._forget(request)
        if not self.broken:
            with self._sending:
                self.send_all(handler.ending())

    def _body(self, request: Request) -> InputStream:
        """Return ``wsgi.input``; bytes that follow the declared length are not shown, missing ones are an error."""
        length = request.content_length()
        if request.ended and not request.inbox.spooled:
            return _whole_body(request.inbox.take_all(), length)
        file = BufferedReader(StdinStream(self, request), RECEIVE)
        return file if length is None else RequestBody(LengthBody(file, length))

    # --- What a running request asks for ---

    def take(self, request: Request) -> bytes:
        """Return a part of the body as soon as there is one; ``b""`` at its end.

        Raises:
            ClientDisconnected: it will never come.
        """
        while True:
            multiplexer = self._multiplexer
            if multiplexer is not None:
                with multiplexer.changed:
                    return self._take_multiplexed(request, multiplexer)
            self._refuse_aborted(request)
            if request.inbox or request.ended:
                return request.inbox.take()
            self._receive_more()

    def _take_multiplexed(self, request: Request, multiplexer: Multiplexer) -> bytes:
        while True:
            self._refuse_aborted(request)
            if request.inbox or request.ended:
                return request.inbox.take()
            if not multiplexer.changed.wait(self.service.limits.read_timeout):
                raise ClientDisconnected(408, "the web server stopped sending in the middle of the body")

    def _receive_more(self) -> None:
        """Receive once, for the one request that runs; others may begin by that."""
        try:
            data = self.receive(self.service.limits.read_timeout)
        except ConnectionError:
            data = b""
        except TimeoutError as silence:
            self.give_up()
            raise ClientDisconnected(408, "the web server stopped sending in the middle of the body") from silence
        self._feed_running(data)

    def _feed_running(self, data: bytes) -> None:
        """Take in what came while a request runs in this thread."""
        try:
            if data:
                self.feed(data)
        except MalformedRequest as error:
            self.report(error)
            data = b""
        if not data:
            self.give_up()
        elif len(self._requests) > 1:
            self._multiplex(running=1)

    def give_up(self) -> None:
        """Remember that the connection has come to its end: no request gets more of its body, or takes a response."""
        self.broken = True
        for request in self._requests.values():
            request.aborted = True

    def look(self, request: Request, *, poll: bool) -> None:
        """Find out whether the response is still wanted.

        Args:
            request: which runs in this thread.
            poll: whether to see what has come since; else only what is known counts.

        Raises:
            ClientDisconnected: it is not.
        """
        self._refuse_aborted(request)
        if not poll or self._multiplexer is not None or not request.ended:
            return
        try:
            data = self.socket.recv(RECEIVE)
        except BlockingIOError:
            return
        if not data:
            return  # it may take a response all the same; if not, sending will tell
        if not request.known:
            self._decoder.adopt(request.id)
            request.known = True
        self._feed_running(data)
        self._refuse_aborted(request)

    def _refuse_aborted(self, request: Request) -> None:
        if request.aborted:
            raise ClientDisconnected(400, "the web server aborted the request")

    def send_for(self, request: Request, buffers: list[bytes | memoryview]) -> None:
        """Send records of a request.

        Raises:
            ConnectionError: it was aborted, or the connection broke.
            TimeoutError: the web server took nothing for too long.
        """
        self._refuse_aborted(request)
        if not buffers:
            return
        try:
            with self._sending:
                self.send_all(buffers)
        except (ConnectionError, TimeoutError):
            self.broken = True
            raise


def _whole_body(data: bytes, length: int | None) -> InputStream:
    """Return a body that has come: no more of it than was declared, and not the end of it if that was more."""
    if length is None or length == len(data):
        return BytesIO(data)
    file: BufferedIOBase = BytesIO(data)
    return RequestBody(LengthBody(file, length))
