from __future__ import annotations

import pytest

from gatewright.gateways.limits import Limits


@pytest.mark.parametrize(
    "values",
    [{"variables": 0}, {"read_timeout": 0}, {"idle_timeout": -1}, {"variables_bytes": 10**9}, {"requests": -1}],
)
def test_refused(values: dict[str, int]) -> None:
    """A limit that would let nothing through, or anything, is refused."""
    with pytest.raises(ValueError, match=next(iter(values))):
        Limits(**values)


def test_no_time_out() -> None:
    """A kept connection may be idle for any time."""
    assert Limits().idle_timeout is None
