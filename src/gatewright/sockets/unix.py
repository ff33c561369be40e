"""The files of Unix sockets: whose they are, who may connect, and those that were left behind."""

from __future__ import annotations

import os
import socket
import stat
from typing import Literal

from attrs import frozen

from gatewright.errors import ConfigurationError

__all__ = ["Access", "clear_stale", "grant", "identity", "remove"]


@frozen
class Access:
    """Who may connect to a Unix socket: what becomes of its file.

    Attributes:
        mode: the permissions, such as 0o660; None for what the umask leaves of 0o777.
        user: the owner, a name or a number; None for the one who runs this.
        group: the group, likewise.
    """

    mode: int | None = None
    user: str | int | None = None
    group: str | int | None = None


def grant(path: str, access: Access) -> None:
    """Set the owner, then the permissions: whoever gives a file away may take some of them with it."""
    user, group = _number_of(path, access.user, "user"), _number_of(path, access.group, "group")
    try:
        if user != -1 or group != -1:
            os.chown(path, user, group)
        if access.mode is not None:
            os.chmod(path, access.mode)
    except OSError as refusal:
        raise ConfigurationError(f"address unix:{path}: its file cannot be changed: {refusal.strerror}") from refusal


def _number_of(path: str, name: str | int | None, kind: Literal["user", "group"]) -> int:
    """Return the number of a user or group; -1 stands for no change (chown(2))."""
    import grp
    import pwd

    if name is None or isinstance(name, int) or name.isdecimal():
        return -1 if name is None else int(name)
    try:
        return pwd.getpwnam(name).pw_uid if kind == "user" else grp.getgrnam(name).gr_gid
    except KeyError as unknown:
        raise ConfigurationError(f"address unix:{path}: there is no {kind} {name!r}") from unknown


def identity(path: str) -> tuple[int, int, int] | None:
    """Return what tells a socket's file from the next one of the same name, or None if there is no such socket.

    The time is part of it because a file system may give the next file the same inode.
    """
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return (found.st_dev, found.st_ino, found.st_mtime_ns) if stat.S_ISSOCK(found.st_mode) else None


def remove(path: str, own: tuple[int, int, int] | None) -> None:
    """Remove a Unix socket's file if it still is the one whose :func:`identity` was ``own``."""
    if own is not None and identity(path) == own:
        os.unlink(path)


def clear_stale(path: str) -> None:
    """Remove a Unix socket that nobody listens on; do nothing if there is no file of that name.

    Raises:
        ConfigurationError: if somebody listens on it, or the file is no socket, or nobody can tell.
    """
    if not os.path.lexists(path):
        return
    if identity(path) is None:
        raise ConfigurationError(f"address unix:{path} is in use: the file is no socket")
    if _answers(path):
        raise ConfigurationError(f"address unix:{path} is in use by another program")
    os.unlink(path)


def _answers(path: str) -> bool:
    """Whether a connection is not refused; one that waits (a full backlog) or may not be made is not refused either."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            return False
        except OSError:
            return True
    return True
