"""The event loop, and all that belongs to the one thread that owns it."""

from __future__ import annotations

import logging
import math
import os
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from time import monotonic
from typing import Final

from attrs import frozen

from gatewright.worker.acceptor import Acceptor
from gatewright.worker.contract import Connect, Connection, Interest, Peer
from gatewright.worker.forks import end_child
from gatewright.worker.poller import Poller
from gatewright.worker.turn import Claim, Ownership

__all__ = ["Limits", "Loop"]

_LOG = logging.getLogger("gatewright.worker")


@frozen
class Limits:
    """What a loop keeps within.

    Attributes:
        connections: how many to hold; more wait in the backlog.
        grace: how many seconds requests in flight have to end in, once stopped.
        tick: every how many seconds deadlines are looked at.
        threads: how many may own the loop.
    """

    connections: int
    grace: float
    tick: float
    threads: int = 1


class Loop:
    """The connections of a worker, and what each of them waits for.

    Only :meth:`wake`, :meth:`stop`, :meth:`abort` and :attr:`finished` are for threads that do not own it, and
    :meth:`leave_to_parent` for processes that do not.
    """

    def __init__(self, connect: Connect, acceptor: Acceptor, poller: Poller, limits: Limits) -> None:
        self._connect = connect
        self._acceptor = acceptor
        self._poller = poller
        self._limits = limits
        self._connections: dict[int, Connection] = {}
        # What the poller watches instead of READ; None if it does not watch the descriptor.
        self._unusual: dict[int, Interest | None] = {}
        # Connections whose call was taken over, and those that their threads have handed back.
        self._away: dict[int, Connection] = {}
        self._returned: deque[tuple[int, Connection, Interest]] = deque()
        self._undrained: set[int] = set()
        self._waiting: dict[int, Connection] = {}  # for a thread, in their order
        self._next_tick = 0.0
        self._draining = False
        self._is_forked = False
        self._stop_by: float = math.inf
        self.finished: bool = False
        """Whether the loop has ended, or is to end before it asks the poller again."""
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_in.setblocking(False)
        self._wake_out.setblocking(False)
        self._wake_number = self._wake_in.fileno()
        self._poller.add(self._wake_number, Interest.READ)
        self._acceptor.watch()

    # For any thread, and for signal handlers.

    def wake(self) -> None:
        """Have the owner look at what was handed back and whether to stop."""
        with suppress(OSError):  # full: the owner will wake anyway; closed: there is no owner any more
            self._wake_out.send(b"\0")

    def stop(self) -> None:
        """Stop once the requests in flight have ended, or the grace is over."""
        self._stop_by = min(self._stop_by, monotonic() + self._limits.grace)
        self.wake()

    def abort(self) -> None:
        """Stop now, requests in flight or not."""
        self._stop_by = 0.0
        self.wake()

    def is_overdue(self, allowance: float) -> bool:
        """Whether it should have ended so many seconds ago: all threads are in calls that last."""
        return monotonic() > self._stop_by + allowance

    def report_lost(self, called: Iterable[Claim] = ()) -> None:
        """Say in the log what is lost at the end of the grace; of an order to stop at once it is to be expected.

        Args:
            called: the call that the owner is in, if it is not the owner who reports.
        """
        left = len({*self._connections, *self._away, *(number for number, _ in called)})
        if left and self._stop_by:
            _LOG.error("the time to stop is over: closed %d connections that had not ended", left)

    def leave_to_parent(self, turn: Ownership, ended: int) -> None:
        """Hold nothing any more, in a process that an application forked.

        Args:
            turn: of the owner, whose call, if there is one, is not its own any more.
            ended: the descriptor to put in the place of those of listeners and connections.
        """
        self._is_forked = True
        called = [number for number, _ in turn.claims]
        turn.claims.clear()
        for descriptor in (*self._acceptor.descriptors, *self._connections, *self._away, *called):
            os.dup2(ended, descriptor, inheritable=False)

    # For the owner.

    def run(self, turn: Ownership) -> bool:
        """Own the loop until it has ended, which returns True, or the turn was overtaken: False."""
        if turn.taken is not None:
            self._take_away(*turn.taken)
        connections, unusual, claims = self._connections, self._unusual, turn.claims
        wait, tick, read = self._poller.wait, self._limits.tick, Interest.READ
        turn.is_alone = self._is_owner_alone()
        while not self.finished:
            turn.polling = True
            events = wait(tick if turn.is_alone or not self._waiting else 0)
            turn.polling = False
            turn.now = monotonic()
            if turn.now >= turn.rearm_at:
                turn.rearm()
            for descriptor, _ in events:
                connection = connections.get(descriptor)
                if connection is None:
                    if self._attend(descriptor, turn):
                        turn.is_alone = self._is_owner_alone()
                        continue
                    return False
                claims.append((descriptor, connection))
                try:
                    interest = connection.on_ready(turn)
                except BaseException as fault:  # noqa: BLE001  # SystemExit of an application is no reason to end
                    interest = _closed_by(fault)
                try:
                    claims.pop()
                except IndexError:
                    self._hand_back(descriptor, connection, interest)
                    return False
                if interest is not read or descriptor in unusual:
                    self._settle(descriptor, connection, interest)
            if self._waiting and not turn.is_alone and not self._resume(turn):
                return False
            if turn.now >= self._next_tick:
                self._look_round(turn.now)
                turn.is_alone = self._is_owner_alone()
        return True

    def _is_owner_alone(self) -> bool:
        return 1 < self._limits.threads <= len(self._away) + 1

    def _take_away(self, descriptor: int, connection: Connection) -> None:
        """Do without a connection, whose call goes on in the thread that was overtaken."""
        if self._connections.pop(descriptor, None) is not None:  # or it was new
            self._forget(descriptor)
        self._away[descriptor] = connection
        if not self._has_room():
            self._acceptor.pause()

    def _hand_back(self, descriptor: int, connection: Connection, interest: Interest) -> None:
        """Leave to the owner what comes next; this thread owns nothing any more."""
        if self._is_forked:
            end_child()
        self._returned.append((descriptor, connection, interest))
        if self.finished:
            self.close_returned()
        else:
            self.wake()

    def _attend(self, descriptor: int, turn: Ownership) -> bool:
        """Deal with a descriptor that is no connection's; return whether this thread still owns the loop."""
        if descriptor == self._wake_number:
            self._wake_up()
            return True
        acceptor = self._acceptor
        for _ in range(acceptor.batch):
            accepted = acceptor.accept(descriptor)
            if accepted is None:
                break
            if not self._open(*accepted, turn):
                return False
            if not acceptor.watching:
                break
        return True

    def _open(self, sock: socket.socket, peer: Peer, turn: Ownership) -> bool:
        """Make a connection and let it begin; return whether this thread still owns the loop."""
        try:
            connection = self._connect(sock, peer)
        except Exception:  # noqa: BLE001  # whatever it is, it is this connection's
            _LOG.exception("a connection failed at its beginning and was closed")
            sock.close()
            return True
        return self._begin(sock.fileno(), connection, turn)

    def _begin(self, descriptor: int, connection: Connection, turn: Ownership) -> bool:
        """Call a new connection at once, as it may well have data already; keep it only if it goes on after that."""
        try:
            interest = self._call(descriptor, connection, turn)
        except KeyboardInterrupt:
            _close(connection)
            raise
        if interest is None:
            return False
        if interest is Interest.CLOSE:
            _close(connection)
        else:
            self._connections[descriptor] = connection
            self._unusual[descriptor] = None
            self._settle(descriptor, connection, interest)
            if not self._has_room():
                self._acceptor.pause()
        return True

    def _resume(self, turn: Ownership) -> bool:
        """Go on with the connection that has waited longest; return whether this thread still owns the loop."""
        descriptor = next(iter(self._waiting))
        connection = self._waiting.pop(descriptor)
        interest = self._call(descriptor, connection, turn)
        if interest is not None:
            self._settle(descriptor, connection, interest)
        return interest is not None

    def _call(self, descriptor: int, connection: Connection, turn: Ownership) -> Interest | None:
        """Call a connection as :meth:`run` does; return None if this thread was overtaken, and has handed it back."""
        turn.claims.append((descriptor, connection))
        try:
            interest = connection.on_ready(turn)
        except BaseException as fault:  # noqa: BLE001  # as in run()
            interest = _closed_by(fault)
        try:
            turn.claims.pop()
        except IndexError:
            self._hand_back(descriptor, connection, interest)
            return None
        return interest

    def _has_room(self) -> bool:
        return len(self._connections) + len(self._away) < self._limits.connections

    def _settle(self, descriptor: int, connection: Connection, interest: Interest) -> None:
        """Have the poller watch for what a connection waits for."""
        if interest is Interest.CLOSE:
            self._end(descriptor, connection)
            return
        if interest is Interest.THREAD:
            self._forget(descriptor)
            self._unusual[descriptor] = None
            self._waiting[descriptor] = connection
            return
        watched = self._unusual.get(descriptor, Interest.READ)
        try:
            if watched is None:
                self._poller.add(descriptor, interest)
            elif watched is not interest:
                self._poller.change(descriptor, interest)
        except OSError as failure:  # the machine has no room for it (ENOMEM, ENOSPC), or somebody closed the socket
            _LOG.error("a connection cannot be watched and was closed: %s", failure)
            self._end(descriptor, connection)
            return
        if interest is Interest.READ:
            self._unusual.pop(descriptor, None)
        else:
            self._unusual[descriptor] = interest

    def _forget(self, descriptor: int) -> None:
        """Have the poller no longer watch.  Closing is not enough: a forked process may hold the socket open."""
        if self._unusual.pop(descriptor, Interest.READ) is not None:
            self._poller.remove(descriptor)

    def _end(self, descriptor: int, connection: Connection) -> None:
        del self._connections[descriptor]
        self._waiting.pop(descriptor, None)
        self._forget(descriptor)
        _close(connection)
        if self._has_room():
            self._acceptor.watch()
        self._finish_if_idle()

    def _finish_if_idle(self) -> None:
        if self._draining and not self._connections and not self._away:
            self.finished = True

    def _wake_up(self) -> None:
        with suppress(BlockingIOError):
            self._wake_in.recv(4096)
        self._take_all_back()
        if self._stop_by == 0:
            self.finished = True
        elif self._stop_by != math.inf and not self._draining:
            self._acceptor.close()
            self._next_tick = 0.0  # requests that came in the same batch are dealt with before that

    def _take_all_back(self) -> None:
        while self._returned:
            self._take_back(*self._returned.popleft())

    def _take_back(self, descriptor: int, connection: Connection, interest: Interest) -> None:
        del self._away[descriptor]
        self._connections[descriptor] = connection
        self._unusual[descriptor] = None
        if descriptor in self._undrained and interest is not Interest.CLOSE:
            interest = _asked(connection.drain)
        self._undrained.discard(descriptor)
        self._settle(descriptor, connection, interest)

    def _drain(self) -> None:
        self._draining = True
        self._acceptor.close()
        self._undrained.update(self._away)
        for descriptor, connection in list(self._connections.items()):
            self._settle(descriptor, connection, _asked(connection.drain))
        self._finish_if_idle()

    def _look_round(self, now: float) -> None:
        """Do what is to be done once a tick."""
        self._next_tick = now + self._limits.tick
        self._take_all_back()  # nobody can wake the owner any more if an application closed the socket for that
        if now >= self._stop_by:
            self.report_lost()
            self.finished = True
            return
        if self._stop_by != math.inf and not self._draining:
            self._drain()
        late = [(number, found) for number, found in self._connections.items() if found.deadline <= now]
        for descriptor, connection in late:
            self._settle(descriptor, connection, _asked(connection.on_deadline))
        if self._has_room():
            self._acceptor.watch()

    def close(self) -> None:
        """Close everything; the last thing that the last owner does.  Again, it does nothing."""
        self._acceptor.close()
        for connection in self._connections.values():
            _close(connection)
        self._connections.clear()
        for connection in self._away.values():
            with suppress(OSError):  # whatever its thread waits for on the socket, it waits no longer
                connection.socket.shutdown(socket.SHUT_RDWR)
        self.close_returned()
        self._poller.close()
        self._wake_in.close()
        self._wake_out.close()

    def close_returned(self) -> None:
        """Close what was handed back when there is no owner any more."""
        while True:
            try:
                _, connection, _ = self._returned.popleft()
            except IndexError:
                return
            _close(connection)


_GONE: Final = (ConnectionError, TimeoutError)


def _closed_by(fault: BaseException) -> Interest:
    """Say in the log why a connection ends, unless its client just went away; Ctrl-C ends more than a connection."""
    if isinstance(fault, KeyboardInterrupt) and threading.current_thread() is threading.main_thread():
        raise fault
    if not isinstance(fault, _GONE):
        _LOG.error("a connection failed and was closed", exc_info=fault)
    return Interest.CLOSE


def _asked(question: Callable[[], Interest]) -> Interest:
    try:
        return question()
    except Exception as fault:  # noqa: BLE001  # whatever it is, it is this connection's
        return _closed_by(fault)


def _close(connection: Connection) -> None:
    try:
        connection.close()
    except Exception as fault:  # noqa: BLE001  # likewise
        _closed_by(fault)
