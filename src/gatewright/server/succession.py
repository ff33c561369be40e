"""An upgrade of the running program: it starts itself anew on the same sockets, and stops when the new one is ready."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from attrs import evolve

from gatewright.sockets import Listener, UnixAddress, identity, inherited

__all__ = ["Predecessor", "start_successor"]

_SUPERSEDES: Final = "GATEWRIGHT_SUPERSEDES"
"""The variable by which a program that was started anew knows the process that it takes over from."""

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR2, signal.SIGCHLD)


def start_successor(listeners: Sequence[Listener]) -> int:
    """Start this program anew, with the sockets in the way of systemd (sd_listen_fds(3)).

    Returns:
        The number of its process.

    Raises:
        OSError: there can be no new process.
    """
    own = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        above = 3 + len(listeners)  # the copies may not lie where they are to be copied to
        copies = [fcntl.fcntl(listener.socket, fcntl.F_DUPFD_CLOEXEC, above) for listener in listeners]
        for place, copy in enumerate(copies, start=3):
            os.dup2(copy, place)
        os.environ.update({"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(len(copies)), _SUPERSEDES: str(own)})
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606  # the program that runs already
    finally:
        os._exit(71)  # EX_OSERR of sysexits.h


class Predecessor:
    """The process that this program was started anew by, if it was.

    What tells so is taken out of the environment, so that no process started from here believes it of itself.
    """

    def __init__(self) -> None:
        pid = os.environ.pop(_SUPERSEDES, "")
        is_ours = os.environ.get("LISTEN_PID") == str(os.getpid()) and pid.isascii() and pid.isdigit()
        self._pid = int(pid) if is_ours else 0

    def __bool__(self) -> bool:
        """Whether there is one, which is still in charge: the files of the sockets are its own."""
        return self._pid > 0

    def listeners(self) -> list[Listener]:
        """Take over its sockets, and their files: the predecessor leaves them."""
        return [_owned(listener) for listener in inherited()]

    def relieve(self) -> None:
        """Have it stop, now that connections are accepted here; if it was stopped already, there is nothing to do."""
        if self and os.getppid() == self._pid:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGTERM)
        self._pid = 0


def _owned(listener: Listener) -> Listener:
    address = listener.address
    return evolve(listener, identity=identity(address.path)) if isinstance(address, UnixAddress) else listener
