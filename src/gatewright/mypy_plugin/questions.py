"""What is asked of something that does not fit where an application or a ``start_response`` is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen
from mypy.messages import format_type
from mypy.nodes import LambdaExpr, MemberExpr, NameExpr, RefExpr
from mypy.subtypes import find_member, is_subtype
from mypy.types import (
    AnyType,
    CallableType,
    FunctionLike,
    Instance,
    TypeType,
    UninhabitedType,
    UnionType,
    get_proper_type,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy.nodes import Expression
    from mypy.plugin import CheckerPluginInterface
    from mypy.types import ProperType, Type

__all__ = ["Finding", "Question"]


@frozen
class Finding:
    """A breach of a rule.

    Attributes:
        rule: the rule's id.
        message: what is wrong, then what to write instead.
    """

    rule: str
    message: str


@frozen
class Question:
    """Why does this not fit?

    Attributes:
        api: mypy's type checker.
        expression: what is passed.
        found: its type.
        expected: the type of the parameter that it is passed for.
        is_item: whether it may be of other types as well.
    """

    api: CheckerPluginInterface
    expression: Expression
    found: ProperType
    expected: ProperType
    is_item: bool = False

    # --- What it is -------------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """What to call it in a message."""
        if isinstance(self.expression, LambdaExpr):
            return "This lambda"
        named = isinstance(self.expression, RefExpr) and not self.is_item
        return f'"{self.written}"' if named else self.name_of(self.found)

    @property
    def written(self) -> str:
        """The expression as it was written, as far as it consists of names and dots."""
        return _written(self.expression)

    @property
    def is_class(self) -> bool:
        """Whether it is a class."""
        return isinstance(self.found, TypeType) or (isinstance(self.found, FunctionLike) and self.found.is_type_obj())

    @property
    def signature(self) -> CallableType | None:
        """How it can be called; None if it cannot be, or in more than one way."""
        return _signature(self.found)

    @property
    def expected_signature(self) -> CallableType:
        """How it is going to be called."""
        signature = _signature(self.expected)
        assert signature is not None, "applications and start_response can be called"
        return signature

    def unfit_items(self) -> Iterator[Question]:
        """Yield a question for each item of a union that does not fit."""
        if isinstance(self.found, UnionType):
            items = map(get_proper_type, self.found.items)
            yield from (evolve(self, found=item, is_item=True) for item in items if not self.fits(item, self.expected))

    # --- What its parts are -----------------------------------------------------------------------------------------

    def name_of(self, part: Type) -> str:
        """Return a type as mypy writes it, in quotation marks."""
        return format_type(part, self.api.options)

    def fits(self, part: Type, wanted: Type) -> bool:
        """Say whether a value of one type goes where another is wanted."""
        return is_subtype(part, wanted, options=self.api.options)

    def is_a(self, part: Type, *names: str) -> bool:
        """Say whether a type is, for certain, one of the classes, or such an iterable and the like of any object."""
        proper = get_proper_type(part)
        return not isinstance(proper, AnyType | UninhabitedType) and any(
            self.fits(proper, self._named(name)) for name in names
        )

    def is_iterable(self, part: Type, item: str = "builtins.object") -> bool:
        """Say whether a type is an iterable of objects of the class."""
        return self.fits(part, self.api.named_generic_type("typing.Iterable", [self._named(item)]))

    def _named(self, name: str) -> Instance:
        plain = self.api.named_generic_type(name, [])
        objects = [self.api.named_generic_type("builtins.object", [])] * len(plain.type.type_vars)
        return self.api.named_generic_type(name, [*objects])


def _written(expression: Expression) -> str:
    if isinstance(expression, MemberExpr):
        owner = _written(expression.expr)
        return f"{owner}.{expression.name}" if owner else expression.name
    return expression.name if isinstance(expression, NameExpr) else ""


def _signature(proper: ProperType) -> CallableType | None:
    if isinstance(proper, Instance):
        member = find_member("__call__", proper, proper)
        return None if member is None else _signature(get_proper_type(member))
    return proper if isinstance(proper, CallableType) else None
