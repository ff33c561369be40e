"""One HTTP/1.1 connection: its requests one after the other, each answered by a handler (RFC 9112 section 9)."""

from __future__ import annotations

import math
import socket
from collections.abc import Callable
from functools import partial
from io import BytesIO
from time import monotonic

from gatewright.body import RequestBody
from gatewright.errors import RequestError
from gatewright.server.access_log import LOGGER, Served
from gatewright.server.awaited_body import AwaitedBody, DroppedBody
from gatewright.server.base_environ import base_environ
from gatewright.server.body_decoder import BodyDecoder, LengthDecoder, open_decoder
from gatewright.server.encoder import CONTINUE
from gatewright.server.handler import HTTPHandler
from gatewright.server.head import CHUNKED, Head
from gatewright.server.pace import Pace
from gatewright.server.parser import HeadReader
from gatewright.server.refusal import refusal_page
from gatewright.server.request_input import StreamedBody
from gatewright.server.response_stream import ResponseStream
from gatewright.server.service import Service
from gatewright.server.slow_paths import target_of
from gatewright.types import WSGIEnvironment
from gatewright.worker.contract import Interest, Peer, Turn
from gatewright.worker.patience import LONG
from gatewright.worker.stream import RECEIVE

__all__ = ["HTTPConnection"]

READ, WRITE, THREAD, CLOSE = Interest.READ, Interest.WRITE, Interest.THREAD, Interest.CLOSE

# Bytes of a body of known length up to which the loop waits for it, so that a slow client holds no thread.
_AWAITED = 65_536

# Bytes of an unread body that are read and dropped to keep the connection; more end it.
_DROPPED = 65_536

# How many requests of one connection are answered in a row before the others have their turn.
_IN_A_ROW = 64
_RECEIVED_IN_A_ROW = 16  # likewise, for a body: 1 MiB

# Seconds that an idle connection has, when the worker stops, for a request that may be on its way: it is answered, and
# told that it was the last.
_LAST_CHANCE = 2.0

# What environ is between requests: an idle connection is to hold nothing.
_NOTHING: WSGIEnvironment = {}


class HTTPConnection(ResponseStream):
    """A client's connection.

    Args:
        sock: non-blocking; the connection's own from now on.
        peer: who made the connection.
        service: what is served.
        left: called when the connection is closed.
    """

    __slots__ = (
        *("_awaiting", "_base", "_began_at", "_begun", "_body", "_decoder", "_expects_continue", "_feed", "_handler"),
        *("_is_last", "_keep_alive", "_left", "_logged", "_pace", "_postponed", "_reader", "_sends_on", "_service"),
        *("_slow_paths", "_spare", "environ", "has_body", "is_logged", "is_modern", "server_line"),
    )

    keeps_alive: bool

    def __init__(
        self, sock: socket.socket, peer: Peer, service: Service, left: Callable[[], object] | None = None
    ) -> None:
        settings = service.settings
        super().__init__(sock, settings.write_timeout)
        self._service = service
        self._slow_paths = service.slow_paths
        self._left = left
        self._base = base_environ(service, sock, peer)
        self._reader = HeadReader(service.limits, self._base)
        self._feed = self._reader.feed
        self._awaiting: AwaitedBody | DroppedBody | None = None
        self._body: RequestBody | None = None
        self._decoder: BodyDecoder | None = None
        self._pace: Pace | None = None
        self._handler: HTTPHandler | None = None
        self._spare: HTTPHandler | None = None
        self._postponed: Head | None = None
        self._is_last = not settings.keep_alive  # the next request is told that no other may follow
        self._sends_on = False  # the client may still send what nobody reads
        self._begun = self._logged = self._expects_continue = False
        self._began_at = 0.0
        self.environ: WSGIEnvironment = _NOTHING
        self.is_modern: bool = True
        self.has_body: bool = False
        self.is_logged: bool = service.log_line is not None
        self.server_line: str = f"Server: {settings.server_name}\r\n" if settings.server_name else ""
        self._keep_alive = settings.keep_alive
        self.deadline: float = monotonic() + settings.head_timeout

    # What the worker calls.

    def on_ready(self, turn: Turn) -> Interest:
        """Go on with what this connection is at: sending, or receiving the next request."""
        self._turn = turn
        if self._outgoing:
            return self._send_outgoing()
        if self._postponed is not None:
            return self._resume(self._postponed)
        data = self._rest
        if data:
            self._rest = b""
            interest = self._take(data)
            self.release()
            return interest
        try:
            data = self.socket.recv(RECEIVE)
        except BlockingIOError:
            return READ
        if self._linger_left:
            return self.discard(data)
        if not data:
            return CLOSE  # in the middle of a request or not: nobody waits for an answer
        interest = self._take(data)
        if self._is_held:
            self.release()
        return interest

    def on_deadline(self) -> Interest:
        """Give up; a client that has begun a request is told so (RFC 9110 section 15.5.9)."""
        if self._begun and not self._linger_left and not self._outgoing:
            return self._refuse(RequestError(408, "the request did not arrive in time"))
        return CLOSE

    def drain(self) -> Interest:
        """Answer what has begun, and what is on its way already, as the last of this connection."""
        self._is_last = True
        if not self._begun and not self._outgoing:
            self.deadline = min(self.deadline, monotonic() + _LAST_CHANCE)
        if self._postponed is not None:
            return THREAD
        return WRITE if self._outgoing or self._rest else READ

    def linger(self) -> Interest:
        """End the connection, and read nothing more of it as a request."""
        self._rest = b""
        self._drop_body()
        return super().linger()

    def close(self) -> None:
        """Close the socket, and what was stored of a body."""
        self._drop_body()
        self._spare = None  # it and this connection hold each other
        super().close()
        if self._left is not None:
            self._left()

    def _drop_body(self) -> None:
        if self._awaiting is not None:
            self._awaiting.close()
            self._awaiting = None

    # Requests.

    def _take(self, data: bytes) -> Interest:
        """Serve the requests in these bytes, which may end in the middle of one."""
        left = _IN_A_ROW
        while left:
            left -= 1
            try:
                if self._awaiting is not None:
                    done = self._go_on_with(self._awaiting, data)
                else:
                    head = self._feed(data)
                    if head is None:
                        done = self._begin_head()
                    elif self._slow_paths.known and self._is_to_wait(head):
                        done = THREAD
                    else:
                        done = self._begin(head)
            except RequestError as refusal:
                if isinstance(self._awaiting, DroppedBody):
                    return self.linger()  # its request was answered
                return self._refuse(refusal)
            if done is not None:
                return done
            data = self._rest
            if not data:
                return READ
            self._rest = b""
        self._rest = data
        return WRITE

    def _begin_head(self) -> Interest:
        """The head is not whole; its time runs from its first byte, before which there may be empty lines."""
        if not self._begun and self._reader.is_amid:
            self._begun = True
            self.deadline = monotonic() + self._service.settings.head_timeout
        return READ

    def _is_to_wait(self, head: Head) -> bool:
        """Whether a request waits for a thread, since its call would leave nobody for the quick ones."""
        waits = self._slow_paths.puts_off(target_of(head[0]), self._turn)
        if waits:
            self._postponed, self._begun, self.deadline = head, True, math.inf
        return waits

    def _resume(self, head: Head) -> Interest:
        """Serve a request that has waited for a thread."""
        self._postponed = None
        try:
            done = self._begin(head)
        except RequestError as refusal:
            return self._refuse(refusal)
        return done or (WRITE if self._rest else READ)

    def _begin(self, head: Head) -> Interest | None:
        environ, length, keeps_alive, self._expects_continue = head
        self.environ = environ
        self.keeps_alive = keeps_alive and not self._is_last
        self._sends_on = keeps_alive
        self.is_modern = environ["SERVER_PROTOCOL"] != "HTTP/1.0"
        rest = self._reader.rest
        if not length:
            self._rest = rest
            environ["wsgi.input"] = BytesIO()
            handler = self._run()
            if handler.is_whole and self.keeps_alive and not self._outgoing:  # what _proceed() finds nearly always
                self._handler = None
                if type(handler) is HTTPHandler and handler.renew():  # what others keep of a call is not known
                    self._spare = handler
                self.deadline = monotonic() + self._keep_alive
                return None
            return self._proceed()
        if 0 < length <= len(rest):  # a small body that came with its head
            environ["wsgi.input"] = BytesIO(rest[:length])
            self._rest = rest[length:]
            self._run()
            return self._proceed()
        self._begun = True
        self._pace = pace = Pace(self._service.settings.body_timeout, self._service.settings.body_rate)
        decoder = open_decoder(length, self._service.limits)
        if not self._is_awaited(length):
            return self._answer_streamed(StreamedBody(self, decoder, pace, decoder.feed(rest) if rest else []), decoder)
        return self._await(AwaitedBody(decoder, length), pace, rest)

    def _is_awaited(self, length: int) -> bool:
        """Whether the application is called when the body is there; what asks for permission is left to it."""
        if length == CHUNKED:
            return self._service.settings.chunked_bodies == "store"
        return length <= _AWAITED and not self._expects_continue

    def _await(self, body: AwaitedBody, pace: Pace, data: bytes) -> Interest | None:
        self._awaiting = body
        if data:
            return self._go_on_with(body, data)
        if self._expects_continue:
            self._outgoing = self.send_some([CONTINUE])
        self.deadline = monotonic() + pace.start()
        return WRITE if self._outgoing else READ

    def _go_on_with(self, body: AwaitedBody | DroppedBody, data: bytes) -> Interest | None:
        """Take more of a body that the loop waits for, and what has come of it meanwhile."""
        left = _RECEIVED_IN_A_ROW
        while True:
            if self._pace is not None:
                self.deadline = monotonic() + self._pace.received(len(data))
            if not body.feed(data):
                return self.linger()
            if body.decoder.is_done:
                break
            left -= 1
            if not left or len(data) < RECEIVE:  # others have their turn, or there was no more
                return READ
            try:
                data = self.socket.recv(RECEIVE)
            except BlockingIOError:
                return READ
            if not data:
                return CLOSE
        self._awaiting = self._pace = None
        self._rest = body.decoder.rest
        if isinstance(body, DroppedBody):
            return self._next()
        with body.open(self.environ) as file:
            self.environ["wsgi.input"] = file
            self._run()
        return self._proceed()

    def _answer_streamed(self, source: StreamedBody, decoder: BodyDecoder) -> Interest | None:
        """Run the application, which reads the body as it comes; then see to what it left of it."""
        self._decoder, self.has_body = decoder, True
        with RequestBody(source, RECEIVE) as self._body:  # closed: what follows is not the body
            self.environ["wsgi.input"] = self._body
            self._run()
        self._body = self._decoder = self._pace = None
        self.has_body = False
        if decoder.is_done:
            self._rest = decoder.rest
        elif self.keeps_alive:
            self._awaiting = DroppedBody(decoder, _DROPPED)
        else:
            self._sends_on = True
        return self._proceed()

    def _run(self) -> HTTPHandler:
        """Run the application, and return what ran it."""
        service = self._service
        if self.is_logged:
            self._began_at, self._logged = monotonic(), False
        handler, self._spare = self._spare or service.handler_class(self), None
        self._handler = handler
        turn = self._turn
        if turn is None or turn.overtaken or self._slow_paths.known:
            self._slow_paths.run(partial(handler.run, service.application), target_of(self.environ), turn)
        else:
            handler.run(service.application)
            if self._turn is not None and self._turn.overtaken:
                self._slow_paths.tell(target_of(self.environ), lasted=monotonic() - turn.now > LONG)
        if service.count is not None:
            service.count()
        if self.is_logged and not self._logged:  # it ended in a way that is not close()
            self.log_response(handler.status_code, handler.bytes_sent)
        self._begun = False
        self.environ = _NOTHING
        return handler

    def _proceed(self) -> Interest | None:
        """Go on after a response; None if the next request may come at once."""
        handler, self._handler = self._handler, None
        if handler is None or handler.client_gone:
            return CLOSE
        if not handler.is_whole:
            if not handler.is_delimited:
                return self.reset()
            self.keeps_alive = False
        if self._outgoing:
            self.deadline = monotonic() + self._write_timeout
            return WRITE
        return self._next()

    def _next(self) -> Interest | None:
        """Let the next request come, unless this one was the last."""
        if not self.keeps_alive:
            return self.linger() if self._rest or self._sends_on else CLOSE
        self.deadline = monotonic() + self._keep_alive
        return None if self._awaiting is None else READ

    def _refuse(self, refusal: RequestError) -> Interest:
        """Answer with an error and read nothing more as a request (RFC 9112 section 9.6)."""
        self._begun = self.keeps_alive = False
        self._sends_on = True
        self._drop_body()
        self.environ = self._base
        if self.is_logged:
            self._began_at = monotonic()
            self.log_response(refusal.code, len(refusal.message) + 1)
        self._outgoing = self.send_some([refusal_page(refusal)])
        self.deadline = monotonic() + self._write_timeout
        return WRITE if self._outgoing else self.linger()

    def _send_outgoing(self) -> Interest:
        """Go on sending what the client did not take at once."""
        before = self._outgoing
        self._outgoing = self.send_some(before)
        if self._outgoing:
            if len(self._outgoing) < len(before) or len(self._outgoing[0]) < len(before[0]):
                self.deadline = monotonic() + self._write_timeout
            return WRITE
        if isinstance(self._awaiting, AwaitedBody):  # it was the permission to send a body
            return READ
        return self._next() or (WRITE if self._rest else READ)

    # What the handler and the body call, inside a call of the application.

    def is_reusable(self) -> bool:
        """Whether another request could follow, as far as this one's body is concerned."""
        body, decoder = self._body, self._decoder
        if body is None or decoder is None or decoder.is_done:
            return True
        if body.failure is not None or self._expects_continue:  # a client that was not told to go on sends no body
            return False
        return not isinstance(decoder, LengthDecoder) or decoder.left <= _DROPPED

    def permit_body(self) -> None:
        """Let a client go on that waits for permission to send its body (RFC 9110 section 10.1.1)."""
        if self._expects_continue:
            self._expects_continue = False
            if self._handler is not None and not self._handler.headers_sent:
                self.send(CONTINUE)

    def log_response(self, status: int, size: int) -> None:
        """Write the line of the access log, if there is one."""
        log_line = self._service.log_line
        if log_line is not None:
            self._logged = True
            LOGGER.info(log_line(Served.lately(self.environ, status, size, monotonic() - self._began_at)))
