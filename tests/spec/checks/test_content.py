from __future__ import annotations

import pytest

from gatewright.spec.checks import check_content_length, why_without_content


@pytest.mark.parametrize(
    "values, sound",
    [([], True), (["0"], True), (["007"], True), ([""], False), (["-1"], False), (["1_0"], False), (["1", "1"], False)],
    ids=repr,
)
def test_content_length(values: list[str], sound: bool) -> None:
    """There is one Content-Length at most, and it is made of digits (A41)."""
    violation = check_content_length([("X", "y"), *(("content-Length", value) for value in values)])
    assert (violation and violation.rule.id) == (None if sound else "A41")


@pytest.mark.parametrize(
    "method, code, answer",
    [
        ("GET", 200, None),
        ("HEAD", 200, "a response to HEAD"),
        ("head", 200, None),
        ("GET", 100, "a response of status 100"),
        ("GET", 204, "a response of status 204"),
        ("GET", 205, None),
        ("GET", 304, "a response of status 304"),
    ],
)
def test_without_content(method: str, code: int, answer: str | None) -> None:
    """There is no content for HEAD, nor with 1xx, 204 and 304 (A42)."""
    assert why_without_content(method, code) == answer
