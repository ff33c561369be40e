from typing import TypeAlias

from gatewright.types import (
    Environ,
    ErrorStream as ErrorStream,
    FileWrapper as FileWrapper,
    InputStream as InputStream,
    StartResponse as StartResponse,
    WSGIApplication as WSGIApplication,
)

__all__ = ["ErrorStream", "FileWrapper", "InputStream", "StartResponse", "WSGIApplication", "WSGIEnvironment"]

# At run time dict[str, Any]. Every dict of that type is an Environ, and an Environ goes wherever a dict is wanted.
WSGIEnvironment: TypeAlias = Environ
