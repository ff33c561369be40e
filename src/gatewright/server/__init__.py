"""The production HTTP/1.1 server.

:func:`serve` runs it as a program, :class:`Server` inside one; :class:`Settings` says how, and a subclass of
:class:`HTTPHandler` changes how requests are answered.
"""

from gatewright.server.handler import HTTPHandler
from gatewright.server.serving import Server, serve
from gatewright.server.settings import Settings

__all__ = ["HTTPHandler", "Server", "Settings", "serve"]
