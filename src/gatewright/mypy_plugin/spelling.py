"""Which key of the environ was meant: for keys that no server gives, and that look like one that servers give."""

from __future__ import annotations

from gatewright.spec.environ_keys import KINDS, MISPLACED, RULE_OF_KEY, is_header

__all__ = ["correction", "rule_of"]

_HEADER = "HTTP_"
_SHORTEST = 8
"""Keys shorter than this resemble too much by chance."""


def rule_of(key: str) -> str:
    """Return the id of the rule that tells of a key, a known one or that of a request header."""
    return RULE_OF_KEY.get(key, "S17")


def correction(key: str) -> str | None:
    """Return the key that was meant, or None if the key is good, or somebody's own.

    The keys of others are many, so only what cannot well be meant counts: a wrong case, hyphens for underscores, the
    two headers that have no ``HTTP_`` (rule S12), and slips of one letter.  A slip at the end does not count:
    ``REQUEST_URL`` may be a key of its own.
    """
    if key in KINDS:
        return None
    if key in MISPLACED:
        return key.removeprefix(_HEADER)
    if "." in key:
        return _dotted(key)
    if is_header(key):
        return _respelt(key)
    normal = key.upper().replace("-", "_")
    if normal != key and "_" in normal:
        return _recased(key, normal)
    return _respelt(key)


def _dotted(key: str) -> str | None:
    lower = key.lower()
    if not lower.startswith("wsgi."):
        return None
    return lower if lower in KINDS else _respelt(lower)


def _recased(key: str, normal: str) -> str | None:
    """Find the key that is spelt so in another case, or with hyphens, as a header is."""
    if normal in KINDS or (key.startswith(_HEADER) and is_header(normal)):
        return normal
    header = _HEADER + normal
    return header if "-" in key and header in KINDS else None


def _respelt(key: str) -> str | None:
    return next((known for known in KINDS if len(known) >= _SHORTEST and _is_slip(key, known)), None)


def _is_slip(key: str, known: str) -> bool:
    """Whether one slip of the fingers makes ``key`` of ``known``."""
    if abs(len(key) - len(known)) > 1 or key.startswith(_HEADER) != known.startswith(_HEADER):
        return False
    start = next((at for at, (one, other) in enumerate(zip(key, known, strict=False)) if one != other), None)
    if start is None:
        return len(key) < len(known)  # the last letter was left out
    if key.startswith(_HEADER):
        return _is_slip_of_header(key, known, start)
    return start < len(known) - 1 and (
        key[start:] == known[start + 1 :]
        or key[start + 1 :] in (known[start + 1 :], known[start:])
        or _is_swapped(key, known, start)
    )


def _is_slip_of_header(key: str, known: str, start: int) -> bool:
    """Any name may be a header's: two letters swapped, one left out or doubled, but no other letter and no other word.

    ``X-RequestID`` is not ``X-Request-Id``.
    """
    if len(key) < len(known):
        return key[start:] == known[start + 1 :] and known[start] != "_"
    if len(key) > len(known):
        return key[start + 1 :] == known[start:] and key[start] == key[start - 1] != "_"
    return _is_swapped(key, known, start)


def _is_swapped(key: str, known: str, start: int) -> bool:
    swapped = known[start : start + 2][::-1]
    return key[start:] == swapped + known[start + 2 :]
