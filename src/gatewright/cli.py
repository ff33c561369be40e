"""The ``gatewright`` command, built with cyclopts: each command imports what it needs when it is called."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final

from attrs import evolve
from cyclopts import App, CycloptsError, Parameter

from gatewright import __version__
from gatewright.errors import ConfigurationError

if TYPE_CHECKING:
    from gatewright.simple_server import ThreadingWSGIServer
    from gatewright.sockets import Address
    from gatewright.types import WSGIApplication

__all__ = ["run"]

app: Final = App(name="gatewright", version=__version__, help="Gateways between web servers and WSGI applications.")


def run(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command.

    Args:
        arguments: The words after the program's name; None takes them from ``sys.argv``.

    Returns:
        The exit status: 0, or 2 after one line on standard error that says what was wrong with the command.
    """
    try:
        app(arguments, exit_on_error=False, print_error=False, result_action="return_none")
    except (ConfigurationError, CycloptsError) as mistake:
        print("gatewright:", " ".join(str(mistake).split()), file=sys.stderr)
        return 2
    return 0


@app.command
def serve(
    target: str,
    /,
    *,
    bind: str = "127.0.0.1:8000",
    check: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Serve an application over HTTP until Ctrl-C or SIGTERM; for development, not for the open internet.

    Args:
        target: The application, as MODULE:APP, or MODULE:FACTORY() to serve what the factory returns. Modules are
            looked up in the current directory first.
        bind: Where to listen, as HOST:PORT, [IPv6]:PORT or unix:PATH. Port 0 takes any that is free.
        check: Check every request and response against PEP 3333 (gatewright.validate); a breach is a server error and a
            traceback that names the rule.
    """
    from gatewright import sockets
    from gatewright.loading import load

    address = sockets.parse(bind)
    application = load(target)
    if check:
        from gatewright.validate import validator

        application = validator(application)
    try:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with _listen(address, application) as server:
            print(f"Serving {target} on {_address_of(server, address)} (Ctrl-C stops it)", flush=True)
            server.serve_forever()
    except KeyboardInterrupt:
        print("Stopped", flush=True)


def _listen(address: Address, application: WSGIApplication) -> ThreadingWSGIServer:
    from gatewright import sockets
    from gatewright.simple_server import ThreadingWSGIServer, make_server

    sockets.family_of(address)  # says more about a host that cannot be resolved than bind() would
    host, port = (str(address), 0) if isinstance(address, sockets.UnixAddress) else (address.host, address.port)
    try:
        return make_server(host, port, application, server_class=ThreadingWSGIServer)
    except OSError as refusal:
        raise ConfigurationError(f"cannot listen on {address}: {refusal.strerror or refusal}") from refusal


def _address_of(server: ThreadingWSGIServer, asked: Address) -> Address:
    """Return what was asked for, with the port that was found."""
    from gatewright.sockets import UnixAddress

    return asked if isinstance(asked, UnixAddress) else evolve(asked, port=server.server_port)
