"""The plugin's settings: ``[gatewright-mypy]`` in mypy's ini files, ``[tool.gatewright.mypy]`` in pyproject.toml."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from configparser import RawConfigParser
from typing import TYPE_CHECKING, cast

from attrs import evolve, frozen

from gatewright.errors import ConfigurationError
from gatewright.spec.rules import RULES, Enforcer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Convert = Callable[["Settings", object], "Settings"]

__all__ = ["Settings", "read"]

_INI_SECTION = "gatewright-mypy"
_TOML_SECTION = "tool.gatewright.mypy"


@frozen
class Settings:
    """What the user chose; each attribute is an option of that name.

    Attributes:
        disable: ids of rules that the plugin does not check; what mypy itself says stays.
        upgrade_environ: whether ``wsgiref.types.WSGIEnvironment`` means :class:`gatewright.types.Environ`.
    """

    disable: frozenset[str] = frozenset()
    upgrade_environ: bool = True

    def checks(self, rule: str) -> bool:
        """Say whether breaches of the rule are reported."""
        return rule not in self.disable


def read(config_file: str) -> Settings:
    """Read the settings.

    Args:
        config_file: the path of mypy's configuration, which mypy has read without an error.

    Returns:
        The settings; the defaults where the file has none.

    Raises:
        ConfigurationError: for an option that does not exist, a value of the wrong type, or a rule that is not checked.
    """
    if config_file.endswith(".toml"):
        return _settings(
            _TOML_SECTION, _read_toml(config_file), {"disable": _disable_list, "upgrade_environ": _upgrade_environ}
        )
    return _settings(
        _INI_SECTION, _read_ini(config_file), {"disable": _disable_words, "upgrade_environ": _upgrade_environ_word}
    )


def _read_ini(path: str) -> Mapping[str, object]:
    parser = RawConfigParser()
    parser.read(path, encoding="utf-8")
    return parser[_INI_SECTION] if parser.has_section(_INI_SECTION) else {}


def _read_toml(path: str) -> Mapping[str, object]:
    with open(path, "rb") as file:
        found: object = tomllib.load(file)
    for name in _TOML_SECTION.split("."):
        found = _table(found).get(name, {})
    return _table(found)


def _table(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"[{_TOML_SECTION}] must be a table")
    return cast("Mapping[str, object]", value)


def _settings(section: str, values: Mapping[str, object], options: Mapping[str, Convert]) -> Settings:
    """Take every value over as its option wants it."""
    settings = Settings()
    for name, value in values.items():
        if name not in options:
            raise ConfigurationError(f"[{section}] has no option {name!r}{_guess(name, options)}")
        try:
            settings = options[name](settings, value)
        except ConfigurationError as error:
            raise ConfigurationError(f"[{section}] {name}: {error}") from None
    return settings


# --- Values ---------------------------------------------------------------------------------------------------------


def _disable_words(settings: Settings, value: object) -> Settings:
    return evolve(settings, disable=_rules(str(value).replace(",", " ").split()))


def _disable_list(settings: Settings, value: object) -> Settings:
    if not isinstance(value, list):
        raise ConfigurationError('a list of rules is wanted, as in ["A13", "A17"]')
    return evolve(settings, disable=_rules(map(str, cast("list[object]", value))))


def _upgrade_environ_word(settings: Settings, value: object) -> Settings:
    return _upgrade_environ(settings, RawConfigParser.BOOLEAN_STATES.get(str(value).lower()))


def _upgrade_environ(settings: Settings, value: object) -> Settings:
    if not isinstance(value, bool):
        raise ConfigurationError("true or false is wanted")
    return evolve(settings, upgrade_environ=value)


def _rules(names: Iterable[str]) -> frozenset[str]:
    """Return the names, each of which must be a rule that the plugin checks."""
    checked = [rule.id for rule in RULES.values() if Enforcer.MYPY_PLUGIN in rule.enforcers]
    names = frozenset(names)
    for name in sorted(names.difference(checked)):
        if name in RULES:
            raise ConfigurationError(f"{name} is not among the rules that the plugin checks: {', '.join(checked)}")
        raise ConfigurationError(f"there is no rule {name!r}{_guess(name.upper(), checked)}")
    return names


def _guess(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(known)}"
