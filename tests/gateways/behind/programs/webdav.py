"""WsgiDAV, over an empty folder."""

from __future__ import annotations

from pathlib import Path

from wsgidav.wsgidav_app import WsgiDAVApp  # pyright: ignore[reportMissingTypeStubs]  # there are none

served = Path(__file__).with_name("dav")
served.mkdir(exist_ok=True)

application = WsgiDAVApp(
    {
        "provider_mapping": {"/": str(served)},
        "simple_dc": {"user_mapping": {"*": True}},
        "property_manager": True,
        "logging": {"enable": False},
        "verbose": 0,
    }
)
