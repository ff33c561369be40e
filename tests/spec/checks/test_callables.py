from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given, strategies as st

from gatewright.spec.checks import check_file_wrapper, check_start_response, check_wrapped_file, takes


def two(a: Any, b: Any) -> None:
    """Take too few."""


def two_or_three(a: Any, b: Any, c: Any = None) -> None:
    """Take what start_response takes."""


def three(a: Any, b: Any, c: Any) -> None:
    """Require too many."""


def any_number(*args: Any) -> None:
    """Take all."""


def keyword(a: Any, b: Any, c: Any = None, *, d: Any) -> None:
    """Require a keyword."""


def optional_keyword(a: Any, b: Any, c: Any = None, *, d: Any = None) -> None:
    """Take a keyword, too."""


def only_by_position(a: Any, b: Any, c: Any = None, /) -> None:
    """Take nothing by keyword."""


class Methods:
    def two_or_three(self, a: Any, b: Any, c: Any = None) -> None: ...

    def two(self, a: Any, b: Any) -> None: ...

    __call__ = two_or_three

    @classmethod
    def of_class(cls, a: Any, b: Any, c: Any = None) -> None: ...


CASES: list[tuple[Any, bool]] = [
    (two, False),
    (two_or_three, True),
    (three, False),
    (any_number, True),
    (keyword, False),
    (optional_keyword, True),
    (only_by_position, True),
    (Methods().two_or_three, True),
    (Methods().two, False),
    (Methods(), True),
    (Methods.of_class, True),
    (Methods.two_or_three, False),
    (partial(two_or_three), True),
    (partial(two_or_three, 1), False),
    (partial(any_number, 1), True),
    (int.from_bytes, False),
    (str.split, True),
    (type, True),  # it does not tell
    (len, False),
]


@pytest.mark.parametrize("function, answer", CASES, ids=[*map(str, range(len(CASES)))])
def test_start_response(function: Any, answer: bool) -> None:
    """A start_response takes two positional arguments and an optional third (S42)."""
    assert (check_start_response(function) is None) is answer


def test_start_response_is_called() -> None:
    """What cannot be called is none (S42)."""
    violation = check_start_response("start")
    assert violation is not None
    assert violation.rule.id == "S42"


@pytest.mark.parametrize(
    "wrapper, answer", [(two, False), (three, False), (any_number, True), (7, False), (open, True)]
)
def test_file_wrapper(wrapper: Any, answer: bool) -> None:
    """A file wrapper takes one positional argument and an optional second (S73)."""
    assert (check_file_wrapper(wrapper) is None) is answer


class Closed:
    def close(self) -> None: ...


class Iterated(Closed):
    def __iter__(self) -> Any: ...


class Indexed(Closed):
    def __getitem__(self, _: int) -> bytes:
        raise IndexError


@pytest.mark.parametrize(
    "file, wrapped, rule",
    [
        (object(), [], None),
        (Closed(), Iterated(), None),
        (Closed(), Indexed(), None),
        (Closed(), [], "S76"),
        (Closed(), Closed(), "S74"),
    ],
    ids=["without close", "iterable", "sequence", "no close", "no iterable"],
)
def test_wrapped_file(file: Any, wrapped: Any, rule: str | None) -> None:
    """What a wrapper makes is an iterable, and can be closed if the file can (S74, S76)."""
    violation = check_wrapped_file(file, wrapped)
    assert (violation and violation.rule.id) == rule


PARAMETERS = st.tuples(st.integers(0, 4), st.integers(0, 4), st.booleans(), st.sampled_from(["", "m", "m=1"]))


@given(PARAMETERS)
def test_takes_is_the_truth(parameters: tuple[int, int, bool, str]) -> None:
    """A function takes what it can be called with."""
    required, optional, star, keyword_only = parameters
    names = [f"a{n}" for n in range(required)] + [f"b{n}=0" for n in range(optional)]
    names += ["*args"] if star else ["*"] if keyword_only else []
    names += [keyword_only] if keyword_only else []
    function: Callable[..., object] = eval(f"lambda {', '.join(names)}: None")

    def callable_with(count: int) -> bool:
        try:
            function(*[None] * count)
        except TypeError:
            return False
        return True

    assert takes(function, 2, 3) is (callable_with(2) and callable_with(3))
