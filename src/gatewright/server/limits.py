"""How much of a request is borne, and what is done where the standard leaves the choice."""

from __future__ import annotations

from typing import Literal

from attrs import field, frozen
from attrs.validators import ge, in_

from gatewright.spec.framing import MAX_LENGTH_DIGITS, MAX_METADATA

__all__ = ["Limits"]


@frozen
class Limits:
    """What a request may have; whatever exceeds it is answered with the status given in brackets.

    Attributes:
        request_line: bytes of the request line without its line end (414); RFC 9112 section 3 asks for 8000 at least.
        field_line: bytes of one field line without its line end (431).
        fields: how many field lines (431).
        all_fields: bytes of all field lines together, line ends and the empty line included (431).
        body: bytes of the decoded body (413); 0 sets no limit.
        metadata: bytes of chunk extensions and trailers of one body, taken together (400).
        underscores: what becomes of a field with "_" in its name, which in environ could not be told from one with "-":
            "drop" it, or "refuse" the request (400).
        eight_bit_targets: whether bytes above 0x7F may stand in a request target.  RFC 9112 does not allow them (400).

    Raises:
        ValueError: a limit is below 1 (``body``: 0), or ``underscores`` is another word.
    """

    request_line: int = field(default=8_190, validator=ge(1))
    field_line: int = field(default=16_384, validator=ge(1))
    fields: int = field(default=100, validator=ge(1))
    all_fields: int = field(default=65_536, validator=ge(1))
    body: int = field(default=1_073_741_824, validator=ge(0))
    metadata: int = field(default=MAX_METADATA, validator=ge(1))
    underscores: Literal["drop", "refuse"] = field(default="drop", validator=in_(["drop", "refuse"]))
    eight_bit_targets: bool = False

    @property
    def max_body(self) -> int:
        """Bytes that a body may have, as a number to compare with: no Content-Length reaches the one for "no limit"."""
        return self.body or 10**MAX_LENGTH_DIGITS
