"""The files of Unix sockets."""

from __future__ import annotations

import errno
import grp
import os
import socket
import stat
from pathlib import Path

import pytest

from gatewright.errors import ConfigurationError
from gatewright.sockets import Access, UnixAddress, clear_stale, listen


def leave_stale(path: str) -> None:
    """Leave a socket file that nobody listens on."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(path)


def connect(path: str) -> None:
    """Connect to a Unix socket once."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(path)


def test_listen_on_unix_socket(path: str) -> None:
    """A Unix socket is listened on."""
    with listen(UnixAddress(path)):
        connect(path)


def test_unix_socket_is_removed(path: str) -> None:
    """The file of a Unix socket is gone after it was closed."""
    with listen(UnixAddress(path)):
        pass
    assert not os.path.lexists(path)


def test_successor_is_left(path: str) -> None:
    """A socket that another program has put in the same place meanwhile is left alone."""
    first = listen(UnixAddress(path))
    os.unlink(path)
    with listen(UnixAddress(path)):
        first.close()
        assert os.path.lexists(path)


def test_closed_twice(path: str) -> None:
    """Closing again does nothing."""
    listener = listen(UnixAddress(path))
    listener.close()
    listener.close()
    assert not os.path.lexists(path)


def test_stale_unix_socket(path: str) -> None:
    """A Unix socket that nobody listens on is replaced."""
    leave_stale(path)
    with listen(UnixAddress(path)):
        connect(path)


def test_live_unix_socket(path: str) -> None:
    """A Unix socket in use is refused and goes on."""
    with listen(UnixAddress(path)):
        with pytest.raises(ConfigurationError, match=r"^address unix:s is in use by another program$"):
            listen(UnixAddress(path))
        connect(path)


def test_full_backlog_is_live(path: str) -> None:
    """A Unix socket whose backlog is full is in use."""
    with listen(UnixAddress(path), backlog=0), socket.socket(socket.AF_UNIX) as waiting:
        waiting.setblocking(False)
        waiting.connect(path)
        with pytest.raises(ConfigurationError, match="is in use"):
            clear_stale(path)


def test_no_socket(path: str) -> None:
    """A file that is no socket is refused and left as it is."""
    Path(path).write_text("precious")
    with pytest.raises(ConfigurationError, match="the file is no socket"):
        listen(UnixAddress(path))
    assert Path(path).read_text() == "precious"


def test_dangling_link(path: str) -> None:
    """A symbolic link to nothing is no socket either."""
    os.symlink("nowhere", path)
    with pytest.raises(ConfigurationError, match="the file is no socket"):
        clear_stale(path)


@pytest.mark.parametrize("mode", [0o600, 0o660, 0o666, 0o777])
def test_mode(path: str, mode: int) -> None:
    """The file has the permissions that were asked for, whatever the umask."""
    with listen(UnixAddress(path), access=Access(mode)):
        assert stat.S_IMODE(os.stat(path).st_mode) == mode


def test_nobody_connects_too_early(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the file has not the right permissions yet, nobody can connect."""
    attempts: list[int] = []

    def chmod(name: str, _mode: int) -> None:
        with socket.socket(socket.AF_UNIX) as client:
            attempts.append(client.connect_ex(name))

    monkeypatch.setattr(os, "chmod", chmod)
    listen(UnixAddress(path), access=Access(0o600)).close()
    assert attempts == [errno.ECONNREFUSED]


def test_owner_by_number(path: str) -> None:
    """The owner can be given as numbers."""
    access = Access(user=os.getuid(), group=str(os.getgid()))
    with listen(UnixAddress(path), access=access):
        assert (os.stat(path).st_uid, os.stat(path).st_gid) == (os.getuid(), os.getgid())


def test_owner_by_name(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The owner can be given by name, and is set before the permissions."""
    done: list[object] = []

    def note(*arguments: object) -> None:
        done.append(arguments)

    monkeypatch.setattr(os, "chown", note)
    monkeypatch.setattr(os, "chmod", note)
    with listen(UnixAddress(path), access=Access(0o660, "root", grp.getgrgid(0).gr_name)):
        assert done == [(path, 0, 0), (path, 0o660)]


@pytest.mark.parametrize(
    "access, line",
    [
        (Access(user="nobody-of-this-name"), "there is no user 'nobody-of-this-name'"),
        (Access(group="nobody-of-this-name"), "there is no group 'nobody-of-this-name'"),
    ],
)
def test_unknown_owner(path: str, access: Access, line: str) -> None:
    """An owner whom nobody knows is named, and no file is left."""
    with pytest.raises(ConfigurationError, match=f"^address unix:s: {line}$"):
        listen(UnixAddress(path), access=access)
    assert not os.path.lexists(path)


def test_owner_not_allowed(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user who may not give files away is told so, and no file is left."""

    def refuse(*_arguments: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "chown", refuse)
    with pytest.raises(ConfigurationError, match=r"its file cannot be changed: Operation not permitted$"):
        listen(UnixAddress(path), access=Access(user=0))
    assert not os.path.lexists(path)
