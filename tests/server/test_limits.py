from __future__ import annotations

from typing import Any

import pytest

from gatewright.server.limits import Limits


@pytest.mark.parametrize(
    "said",
    [
        {"request_line": 0},
        {"field_line": 0},
        {"fields": 0},
        {"all_fields": 0},
        {"body": -1},
        {"metadata": 0},
        {"underscores": "x"},
    ],
)
def test_refused(said: dict[str, Any]) -> None:
    """A limit that nothing could keep to is refused."""
    with pytest.raises(ValueError):
        Limits(**said)


def test_request_line() -> None:
    """The request line may have the 8000 bytes that RFC 9112 section 3 asks for."""
    assert Limits().request_line >= 8000
