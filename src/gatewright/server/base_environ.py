"""The part of environ that all requests of a connection share."""

from __future__ import annotations

import socket
import sys
from typing import Any

from gatewright.server.service import Service
from gatewright.types import WSGIEnvironment
from gatewright.worker.contract import Peer

__all__ = ["base_environ"]


def base_environ(service: Service, sock: socket.socket, peer: Peer) -> WSGIEnvironment:
    """Return the variables that all requests of a connection share (PEP 3333, "environ Variables").

    A Unix socket has neither host nor port; SERVER_NAME and SERVER_PORT may not be empty, so it gets those of a client
    that asks for them there (RFC 3875 sections 4.1.14 and 4.1.15).
    """
    here: Any = sock.getsockname()
    name, port = here[:2] if sock.family in {socket.AF_INET, socket.AF_INET6} else ("localhost", 80)
    environ: WSGIEnvironment = {
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": service.settings.threads > 1,
        "wsgi.multiprocess": service.settings.workers > 1,
        "wsgi.run_once": False,
        "GATEWAY_INTERFACE": "CGI/1.1",
        "SERVER_SOFTWARE": service.settings.server_name or "gatewright",
        "SERVER_NAME": f"[{name}]" if ":" in name else name,  # RFC 3875 section 4.1.14
        "SERVER_PORT": str(port),
        "REMOTE_ADDR": "",
    }
    if isinstance(peer, tuple):
        environ["REMOTE_ADDR"], environ["REMOTE_PORT"] = peer[0], str(peer[1])
    if service.handler_class.wsgi_file_wrapper is not None:
        environ["wsgi.file_wrapper"] = service.handler_class.wsgi_file_wrapper
    return environ
