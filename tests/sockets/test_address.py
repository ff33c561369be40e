"""Addresses as text and as values."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st

from gatewright.errors import ConfigurationError
from gatewright.sockets import Address, InheritedAddress, TCPAddress, UnixAddress, family_of, parse, parse_peers


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
        ("fd://3", InheritedAddress(3)),
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
        "fd://",
        "fd://x",
        "fd://-1",
        "fd://\xb2",
        "fd://1000000",
    ],
)
def test_parse_refuses(text: str) -> None:
    """Anything else is refused in one line that shows it."""
    with pytest.raises(ConfigurationError) as refusal:
        parse(text)
    assert repr(text) in str(refusal.value).splitlines()[0]


@pytest.mark.parametrize(
    "text, meant",
    [
        ("8000", "127.0.0.1:8000"),
        ("localhost", "localhost:8000"),
        ("/run/hello", "unix:/run/hello"),
        ("http://127.0.0.1:9000/", "127.0.0.1:9000"),
    ],
)
def test_parse_guesses(text: str, meant: str) -> None:
    """Of what is nearly an address, the refusal asks for the one that may be meant, which is one."""
    with pytest.raises(ConfigurationError, match=rf"; is {meant!r} meant\?$"):
        parse(text)
    assert isinstance(parse(meant), TCPAddress | UnixAddress)


@pytest.mark.parametrize("text", ["", "tcp://nowhere", "http://", "99999999", "a b"])
def test_parse_guesses_nothing(text: str) -> None:
    """Of anything else it shows what there is."""
    with pytest.raises(ConfigurationError, match="; write HOST:PORT, "):
        parse(text)


@given(st.text(max_size=30))
def test_parse_anything(text: str) -> None:
    """Every text is an address or a ConfigurationError."""
    try:
        address = parse(text)
    except ConfigurationError:
        return
    assert isinstance(address, TCPAddress | UnixAddress | InheritedAddress)


@pytest.mark.parametrize(
    "address, text",
    [
        (TCPAddress("127.0.0.1", 8000), "http://127.0.0.1:8000"),
        (TCPAddress("::1", 8000), "http://[::1]:8000"),
        (TCPAddress("", 8000), "http://0.0.0.0:8000"),
        (UnixAddress("/run/x.sock"), "unix:/run/x.sock"),
        (InheritedAddress(3), "fd://3"),
    ],
)
def test_address_as_text(address: Address, text: str) -> None:
    """An address is printed as what a user can paste."""
    assert str(address) == text


@pytest.mark.parametrize("text", ["127.0.0.1:80", "[::1]:80"])
def test_pair(text: str) -> None:
    """A host and port are printed as they are written, where no URL would be true."""
    address = parse(text)
    assert isinstance(address, TCPAddress)
    assert address.pair == text


def test_peers() -> None:
    """A list of addresses is read, an IPv4 address in the form of an IPv6 one as what it is."""
    assert parse_peers("127.0.0.1, ::1,::ffff:10.0.0.1,0::2") == {"127.0.0.1", "::1", "10.0.0.1", "::2"}


@pytest.mark.parametrize("text", ["", "127.0.0.1,", "localhost", "10.0.0.0/8"])
def test_peers_refused(text: str) -> None:
    """What is no list of addresses is refused in one line that shows it."""
    with pytest.raises(ConfigurationError, match=r"^'.*' is not a list of IP addresses: "):
        parse_peers(text)


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
