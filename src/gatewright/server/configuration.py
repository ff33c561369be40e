"""Settings from where operators write them: words of a command, environment variables, a TOML file.

A value is held with the place where it was written, so that a wrong one can be told with it.
"""

from __future__ import annotations

import difflib
import json
import logging
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, TypeGuard, get_args, get_origin, get_type_hints

from attrs import asdict, fields_dict, frozen

from gatewright.errors import ConfigurationError
from gatewright.server.settings import Settings

__all__ = ["PREFIX", "Given", "from_environment", "from_file", "from_words", "make_settings", "to_toml", "toml_of"]

_LOG = logging.getLogger("gatewright.server")

PREFIX: Final = "GATEWRIGHT_"
"""What the names of variables begin with."""

_TABLE: Final = ("tool", "gatewright")

_TYPES: Final = get_type_hints(Settings)

Value: TypeAlias = str | int | float | tuple[str, ...]
"""The types of settings."""

_TOML: TypeAlias = "str | int | float | list[_TOML] | dict[str, _TOML]"
"""What is in a TOML file; dates as well, which no setting takes."""


@frozen
class Given:
    """The value of a setting, of the type that it is to have, and where it was written.

    Attributes:
        value: Fit for the setting.
        place: As a person would name it: ``--threads``, ``GATEWRIGHT_THREADS`` or the name of a file.
    """

    value: Value
    place: str

    @property
    def words(self) -> tuple[str, ...]:
        """The value as :func:`from_words` reads it."""
        return self.value if isinstance(self.value, tuple) else (str(self.value),)


Givens: TypeAlias = Mapping[str, Given]
"""Values by the names of their settings."""


def from_words(name: str, words: Sequence[str], place: str) -> Given:
    """Return a setting that was written as text.

    Args:
        name: of the setting.
        words: one, or as many as there are if the setting takes several.
        place: where they were written.

    Raises:
        ConfigurationError: The text is none for this setting.
    """
    wanted = _TYPES[name]
    if get_origin(wanted) is tuple:
        return _checked(name, tuple(words), place)
    text = words[-1]
    if wanted not in _READERS:
        return _checked(name, text, place)
    kind, read = _READERS[wanted]
    try:
        return _checked(name, read(text), place)
    except ValueError as refusal:
        if isinstance(refusal, ConfigurationError):
            raise
        raise ConfigurationError(f"{place}: {name} is {text!r}, but must be {kind}") from None


def from_environment(environment: Mapping[str, str]) -> dict[str, Given]:
    """Return the settings in ``GATEWRIGHT_*`` variables; several addresses have spaces between them.

    A variable that looks like a setting but is none is logged.

    Raises:
        ConfigurationError: A value is none for its setting.
    """
    given: dict[str, Given] = {}
    for variable in sorted(environment):
        name = variable.removeprefix(PREFIX).lower()
        if not variable.startswith(PREFIX):
            continue
        if name in _TYPES:
            text = environment[variable]
            several = get_origin(_TYPES[name]) is tuple
            given[name] = from_words(name, text.split() if several else [text], variable)
        elif guess := _nearest(name):  # others may be those of Kubernetes for a service of that name
            _LOG.warning("%s is no setting; is %s%s meant?", variable, PREFIX, guess.upper())
    return given


def from_file(path: str, *, must_exist: bool = True) -> dict[str, Given]:
    """Return the settings in a TOML file: its table ``tool.gatewright`` if it is a ``pyproject.toml``, else all of it.

    Args:
        path: of the file.
        must_exist: whether it is a mistake if there is no such file; else that is no setting at all.

    Raises:
        ConfigurationError: The file cannot be read, is no TOML, or has a setting that there is not, or a value that
            its setting does not take.
    """
    try:
        found: _TOML = tomllib.loads(Path(path).read_text("utf-8"))
    except OSError as refusal:
        if isinstance(refusal, FileNotFoundError) and not must_exist:
            return {}
        raise ConfigurationError(f"{path}: cannot be read: {refusal.strerror or refusal}") from refusal
    except ValueError as mistake:  # TOMLDecodeError and UnicodeDecodeError are
        raise ConfigurationError(f"{path}: is not a TOML file: {mistake}") from mistake
    for key in _TABLE if Path(path).name == "pyproject.toml" else ():
        found = found.get(key, {}) if isinstance(found, dict) else found
    if not isinstance(found, dict):
        raise ConfigurationError(f"{path}: {'.'.join(_TABLE)} is no table")
    return {name: _from_value(name, value, path) for name, value in found.items()}


def _from_value(name: str, value: _TOML, place: str) -> Given:
    if name not in _TYPES:
        guess = _nearest(name.replace("-", "_"))
        advice = f"is {guess!r} meant?" if guess else "--print-settings prints all that there are"
        raise ConfigurationError(f"{place}: there is no setting {name!r}; {advice}")
    wanted = _TYPES[name]
    if get_origin(wanted) is tuple:
        values = value if isinstance(value, list) else [value]
        texts = tuple(one for one in values if isinstance(one, str))
        if len(texts) == len(values):
            return _checked(name, texts, place)
    elif _fits(value, wanted):
        return _checked(name, value, place)
    raise ConfigurationError(f"{place}: {name} is {_shown(value)}, but must be {_kind(wanted)}")


def _whole(text: str) -> int:
    if not re.fullmatch("-?[0-9]+(_[0-9]+)*", text) or len(text) > 30:
        raise ValueError
    return int(text)


_READERS: Final[Mapping[object, tuple[str, Callable[[str], Value]]]] = {
    int: ("a whole number", _whole),
    float: ("a number of seconds", float),
}


def _fits(value: _TOML, wanted: object) -> TypeGuard[str | int | float]:
    if isinstance(value, int):
        return (wanted is int or wanted is float) and not isinstance(value, bool)
    return isinstance(value, float if wanted is float else str) and wanted is not int


def _kind(wanted: object) -> str:
    if wanted in _READERS:
        return _READERS[wanted][0]
    if get_origin(wanted) is Literal:
        return "one of " + ", ".join(f'"{choice}"' for choice in get_args(wanted))
    return "text in quotes" if wanted is str else "a list of texts in quotes"


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _nearest(name: str) -> str:
    return next(iter(difflib.get_close_matches(name, _TYPES, n=1, cutoff=0.75)), "")


def _checked(name: str, value: Value, place: str) -> Given:
    try:
        _settings({name: value})
    except ConfigurationError as mistake:
        raise ConfigurationError(f"{place}: {mistake}") from mistake
    return Given(value, place)


def _settings(values: dict[str, Any]) -> Settings:  # as attrs' own evolve() has it; the validators see to the types
    return Settings(**values)


def make_settings(*sources: Givens) -> Settings:
    """Return the settings that the sources give together.

    Args:
        *sources: the first that has a setting decides; the default does if none has.
    """
    values = {name: given.value for source in reversed(sources) for name, given in source.items()}
    return _settings(values)


def to_toml(settings: Settings) -> str:
    """Return a TOML file with every setting, for :func:`from_file`; what is not the default has it in a comment."""
    return "".join(_lines(settings))


def _lines(settings: Settings) -> Iterable[str]:
    attributes = fields_dict(Settings)
    for name, value in asdict(settings).items():
        default = attributes[name].default
        comment = "" if value == default else f"  # default: {toml_of(default)}"
        yield f"{name} = {toml_of(value)}{comment}\n"


def toml_of(value: object) -> str:
    """Return a value as TOML writes it: with the escapes of JSON, and DEL escaped as well."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
