from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from gatewright.errors import ConfigurationError
from gatewright.mypy_plugin.options import Settings, read

Read: TypeAlias = Callable[[str, str], Settings]


@pytest.fixture
def read_text(tmp_path: Path) -> Read:
    """Read the settings from a file of that name, with that text."""

    def read_it(name: str, text: str) -> Settings:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return read(str(path))

    return read_it


@pytest.mark.parametrize(
    "text, settings",
    [
        ("", Settings()),
        ("[mypy]\ndisable = A13\n", Settings()),
        ("[gatewright-mypy]\n", Settings()),
        ("[gatewright-mypy]\ndisable = A13\n", Settings(disable=frozenset({"A13"}))),
        ("[gatewright-mypy]\ndisable = A13, A17,\n", Settings(disable=frozenset({"A13", "A17"}))),
        ("[gatewright-mypy]\ndisable =\n    A13\n    A17\n", Settings(disable=frozenset({"A13", "A17"}))),
        ("[gatewright-mypy]\ndisable =\n", Settings()),
        ("[gatewright-mypy]\nupgrade_environ = false\n", Settings(upgrade_environ=False)),
        ("[gatewright-mypy]\nupgrade_environ = No\n", Settings(upgrade_environ=False)),
        ("[gatewright-mypy]\nupgrade_environ = 1\n", Settings()),
    ],
)
@pytest.mark.parametrize("name", ["mypy.ini", "setup.cfg"])
def test_ini(name: str, text: str, settings: Settings, read_text: Read) -> None:
    """An ini file has a section for the plugin; commas or spaces separate rules, and booleans are words or numbers."""
    assert read_text(name, text) == settings


@pytest.mark.parametrize(
    "text, settings",
    [
        ("", Settings()),
        ("[tool.mypy]\ndisable = ['A13']\n", Settings()),
        ("[tool.gatewright]\n", Settings()),
        ("[tool.gatewright.mypy]\n", Settings()),
        ("[tool.gatewright.mypy]\ndisable = ['A13', 'A17']\n", Settings(disable=frozenset({"A13", "A17"}))),
        ("[tool.gatewright.mypy]\nupgrade_environ = false\n", Settings(upgrade_environ=False)),
    ],
)
def test_toml(text: str, settings: Settings, read_text: Read) -> None:
    """In pyproject.toml the section is a table, with an array of rules and a boolean."""
    assert read_text("pyproject.toml", text) == settings


@pytest.mark.parametrize(
    "line, message",
    [
        ("disabel = A13", "has no option 'disabel'; did you mean 'disable'?"),
        ("x = A13", "has no option 'x'; there are disable, upgrade_environ"),
        ("disable = A99", "disable: there is no rule 'A99'; did you mean 'A19'?"),
        ("disable = a13", "disable: there is no rule 'a13'; did you mean 'A13'?"),
        ("upgrade_environ = perhaps", "upgrade_environ: true or false is wanted"),
        ("upgrade_environ =", "upgrade_environ: true or false is wanted"),
    ],
)
def test_wrong_ini(line: str, message: str, read_text: Read) -> None:
    """What cannot be meant is refused in one line that names the section and the option and guesses what is meant."""
    with pytest.raises(ConfigurationError) as error:
        read_text("mypy.ini", f"[gatewright-mypy]\n{line}\n")
    assert str(error.value) == f"[gatewright-mypy] {message}"


@pytest.mark.parametrize(
    "line, message",
    [
        ("disabel = ['A13']", "has no option 'disabel'; did you mean 'disable'?"),
        ("disable = 'A13'", 'disable: a list of rules is wanted, as in ["A13", "A17"]'),
        ("disable = ['A99']", "disable: there is no rule 'A99'; did you mean 'A19'?"),
        ("upgrade_environ = 'yes'", "upgrade_environ: true or false is wanted"),
        ("upgrade_environ = 1", "upgrade_environ: true or false is wanted"),
    ],
)
def test_wrong_toml(line: str, message: str, read_text: Read) -> None:
    """In TOML a value of the wrong type is refused, and not converted."""
    with pytest.raises(ConfigurationError) as error:
        read_text("pyproject.toml", f"[tool.gatewright.mypy]\n{line}\n")
    assert str(error.value) == f"[tool.gatewright.mypy] {message}"


@pytest.mark.parametrize("text", ["[tool]\ngatewright = 1\n", "[tool.gatewright]\nmypy = 1\n"])
def test_no_table(text: str, read_text: Read) -> None:
    """What stands where the table belongs is refused if it is none."""
    with pytest.raises(ConfigurationError, match="must be a table"):
        read_text("pyproject.toml", text)


def test_rule_of_others(read_text: Read) -> None:
    """A rule that the plugin does not check cannot be disabled: whoever does so expects something of it."""
    with pytest.raises(ConfigurationError, match=r"S01 is not among the rules that the plugin checks: .*A13"):
        read_text("mypy.ini", "[gatewright-mypy]\ndisable = S01\n")
