"""Addresses as text, listening sockets, and Unix sockets left behind."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from gatewright.errors import ConfigurationError
from gatewright.sockets import Listener, TCPAddress, UnixAddress, clear_stale, family_of, listen, parse


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a path for a Unix socket, short enough for any platform."""
    monkeypatch.chdir(tmp_path)
    return "s"


def leave_stale(path: str) -> None:
    """Leave a socket file that nobody listens on."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(path)


@pytest.mark.parametrize(
    "text, address",
    [
        ("127.0.0.1:8000", TCPAddress("127.0.0.1", 8000)),
        ("localhost:0", TCPAddress("localhost", 0)),
        ("my_host.example-1.org:65535", TCPAddress("my_host.example-1.org", 65535)),
        ("[::1]:8000", TCPAddress("::1", 8000)),
        ("[fe80::1%eth0]:80", TCPAddress("fe80::1%eth0", 80)),
        (":8000", TCPAddress("", 8000)),
        ("unix:/run/x.sock", UnixAddress("/run/x.sock")),
        ("unix:a:80", UnixAddress("a:80")),
    ],
)
def test_parse(text: str, address: TCPAddress | UnixAddress) -> None:
    """Every way to write an address is read."""
    assert parse(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "8000",
        "localhost",
        "localhost:",
        "localhost:http",
        "localhost:65536",
        "localhost:+1",
        "localhost:-1",
        "localhost:1_0",
        "localhost: 80",
        "localhost:\xb9",
        "localhost:000000",
        "::1:8000",
        "[::1]",
        "[::1]8000",
        "[]:80",
        "[localhost]:80",
        "[1]:80",
        "http://localhost:80",
        "a b:80",
        "a/b:80",
        "unix:",
        "unix:a\0b",
    ],
)
def test_parse_refuses(text: str) -> None:
    """Anything else is refused in one line that shows it."""
    with pytest.raises(ConfigurationError) as refusal:
        parse(text)
    assert repr(text) in str(refusal.value).splitlines()[0]


@given(st.text(max_size=30))
def test_parse_anything(text: str) -> None:
    """Every text is an address or a ConfigurationError."""
    try:
        address = parse(text)
    except ConfigurationError:
        return
    assert isinstance(address, TCPAddress | UnixAddress)


@pytest.mark.parametrize(
    "address, text",
    [
        (TCPAddress("127.0.0.1", 8000), "http://127.0.0.1:8000"),
        (TCPAddress("::1", 8000), "http://[::1]:8000"),
        (TCPAddress("", 8000), "http://0.0.0.0:8000"),
        (UnixAddress("/run/x.sock"), "unix:/run/x.sock"),
    ],
)
def test_address_as_text(address: TCPAddress | UnixAddress, text: str) -> None:
    """An address is printed as what a user can paste."""
    assert str(address) == text


@pytest.mark.parametrize(
    "address, family",
    [
        (TCPAddress("127.0.0.1", 0), socket.AF_INET),
        (TCPAddress("", 0), socket.AF_INET),
        (TCPAddress("::1", 0), socket.AF_INET6),
        (UnixAddress("x"), socket.AF_UNIX),
    ],
)
def test_family(address: TCPAddress | UnixAddress, family: socket.AddressFamily) -> None:
    """The address decides the family (prometheus/client_python#567)."""
    assert family_of(address) == family


def resolver(*families: socket.AddressFamily) -> Callable[..., object]:
    """Return a resolver that knows every host by these families."""

    def resolve(*_args: object, **_options: object) -> object:
        return [(family, socket.SOCK_STREAM, 0, "", ()) for family in families]

    return resolve


@pytest.mark.parametrize(
    "known, family",
    [
        ((socket.AF_INET6, socket.AF_INET), socket.AF_INET),
        ((socket.AF_INET6,), socket.AF_INET6),
    ],
)
def test_family_of_a_name(
    known: tuple[socket.AddressFamily, ...], family: socket.AddressFamily, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name with any IPv4 address is bound to that, whatever order the resolver has; else to IPv6."""
    monkeypatch.setattr(socket, "getaddrinfo", resolver(*known))
    assert family_of(TCPAddress("name", 80)) == family


def test_unknown_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that cannot be resolved is named."""

    def fail(*_args: object, **_options: object) -> None:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(ConfigurationError, match="host 'nowhere' cannot be resolved"):
        family_of(TCPAddress("nowhere", 80))


def test_platform_without_unix_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are no Unix sockets, that is said."""
    monkeypatch.delattr(socket, "AF_UNIX")
    with pytest.raises(ConfigurationError, match="no Unix sockets"):
        family_of(UnixAddress("x"))


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


def test_listener_needs_no_file() -> None:
    """A listener over a socket that came from elsewhere closes it."""
    sock = socket.socket()
    Listener(sock, TCPAddress("127.0.0.1", 1)).close()
    assert sock.fileno() == -1
