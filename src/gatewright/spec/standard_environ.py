# ruff: noqa: ANN401, D102  # an environ holds whatever servers put into it; the methods are those of dict
"""The environ as the standard library types it, with a name of its own, so that the mypy plugin knows it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed import SupportsKeysAndGetItem

    class StandardEnviron(  # type: ignore[misc]  # dict is no protocol, but meant
        dict[str, Any],  # pyright: ignore[reportGeneralTypeIssues]  # the same
        SupportsKeysAndGetItem[str, Any],
        Protocol,
    ):
        """What the mypy plugin reads ``wsgiref.types.WSGIEnvironment`` as: an environ whose values are all Any.

        Every ``dict[str, Any]`` and every :class:`gatewright.types.Environ` is one, and the reverse.  What passes
        without the plugin goes on to pass: no value gets a type that the code did not reckon with.
        """

        # One protocol fits another only if it names every member of it, inherited ones, too.
        def __getitem__(self, key: str, /) -> Any: ...
        def __setitem__(self, key: str, value: Any, /) -> None: ...
        def __or__(self, other: dict[str, Any], /) -> dict[str, Any]: ...  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]  # as Environ does
        def __reversed__(self) -> Iterator[str]: ...
        def copy(self) -> dict[str, Any]: ...
