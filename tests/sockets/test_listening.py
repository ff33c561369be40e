"""Binding and listening."""

from __future__ import annotations

import errno
import os
import re
import socket

import pytest

from gatewright.errors import ConfigurationError
from gatewright.sockets import Listener, TCPAddress, UnixAddress, listen, listen_all, listening


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_listen(host: str) -> None:
    """A listener accepts connections at the port that it says."""
    with listen(TCPAddress(host, 0)) as listener:
        assert isinstance(listener.address, TCPAddress)
        socket.create_connection((host, listener.address.port), timeout=10).close()


def test_close() -> None:
    """A closed listener's socket is closed."""
    with listen(TCPAddress("127.0.0.1", 0)) as listener:
        pass
    assert listener.socket.fileno() == -1


def test_port_in_use() -> None:
    """A port in use is named in one line."""
    in_use = r"^address http://127\.0\.0\.1:\d+ is in use by another program$"
    with listen(TCPAddress("127.0.0.1", 0)) as listener, pytest.raises(ConfigurationError, match=in_use):
        listen(listener.address)


@pytest.mark.parametrize(
    "port, advice", [(80, ": take a port from 1024 on, or have systemd make the socket"), (8000, "")]
)
def test_port_that_is_denied(monkeypatch: pytest.MonkeyPatch, port: int, advice: str) -> None:
    """A port that this user may not bind is named, and what to do if it is one of root's."""

    def deny(_sock: socket.socket, _target: object) -> None:
        raise PermissionError(errno.EACCES, "denied")

    monkeypatch.setattr(socket.socket, "bind", deny)
    line = f"address http://127.0.0.1:{port} may not be bound by this user{advice}"
    with pytest.raises(ConfigurationError, match=f"^{re.escape(line)}$"):
        listen(TCPAddress("127.0.0.1", port))


def test_foreign_address() -> None:
    """An address that is not this machine's is refused as such; 192.0.2.1 is nobody's (RFC 5737)."""
    with pytest.raises(ConfigurationError, match="is not an address of this machine"):
        listen(TCPAddress("192.0.2.1", 0))


def test_missing_folder(path: str) -> None:
    """A Unix socket in a folder that does not exist is refused as such."""
    with pytest.raises(ConfigurationError, match="is in a folder that does not exist"):
        listen(UnixAddress(f"{path}/s"))


def test_path_too_long() -> None:
    """A path that no Unix socket can have is refused with the system's reason."""
    with pytest.raises(ConfigurationError, match="cannot be bound: "):
        listen(UnixAddress("s" * 200))


def test_listen_on_all() -> None:
    """Several addresses are listened on."""
    listeners = listen_all([TCPAddress("127.0.0.1", 0), TCPAddress("::1", 0)])
    assert [listener.address.host for listener in listeners if isinstance(listener.address, TCPAddress)] == [
        "127.0.0.1",
        "::1",
    ]
    for listener in listeners:
        listener.close()


def test_all_or_none(path: str) -> None:
    """If one address of several cannot be had, the others are given up."""
    with pytest.raises(ConfigurationError, match="is not an address of this machine"):
        listen_all([UnixAddress(path), TCPAddress("192.0.2.1", 0)])
    assert not os.path.lexists(path)


def test_nothing_to_listen_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """No address, and nothing inherited, is told in one line."""
    monkeypatch.setattr(listening, "inherited", list)
    with pytest.raises(ConfigurationError, match=r"^there is nothing to listen on: "):
        listen_all([])


def test_listener_needs_no_file() -> None:
    """A listener over a socket that came from elsewhere closes it."""
    sock = socket.socket()
    Listener(sock, TCPAddress("127.0.0.1", 1)).close()
    assert sock.fileno() == -1
