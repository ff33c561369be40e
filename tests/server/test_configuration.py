from __future__ import annotations

import logging
import tempfile
from pathlib import Path

import pytest
from attrs import fields_dict
from hypothesis import given
from hypothesis.strategies import (
    SearchStrategy,
    builds,
    floats,
    from_regex,
    integers,
    lists,
    one_of,
    sampled_from,
    text,
)

from gatewright.errors import ConfigurationError
from gatewright.server import Settings
from gatewright.server.configuration import (
    Given,
    from_environment,
    from_file,
    from_words,
    make_settings,
    to_toml,
)

_WHOLE = integers(min_value=256, max_value=2**31 - 1)
_TIME = one_of(floats(min_value=0.0, max_value=1e6, exclude_min=True), integers(min_value=1, max_value=1_000_000))
_PATHS = text(min_size=1).filter(lambda path: "\0" not in path).map(lambda path: f"unix:{path}")
_ADDRESSES = one_of(sampled_from(["127.0.0.1:80", "[::1]:0", ":8000", "fd://3", "host.example:1"]), _PATHS)
_STRATEGIES: dict[str, SearchStrategy[object]] = {
    "bind": lists(_ADDRESSES, unique=True).map(tuple),
    "socket_mode": from_regex("[0-7]{3,4}", fullmatch=True).filter(str.isascii),
    "socket_owner": sampled_from(["", "web", "web:www-data", ":33"]),
    "chunked_bodies": sampled_from(["store", "stream"]),
    "access_log": sampled_from(["off", "combined", "json"]),
    "server_name": text(alphabet=[chr(code) for code in range(0x20, 0x7F)]),
    "underscores": sampled_from(["drop", "refuse"]),
    "raw_targets": sampled_from(["refuse", "take"]),
    "workers": integers(min_value=1, max_value=1024),
    "threads": integers(min_value=1, max_value=4096),
    **dict.fromkeys(("head_timeout", "body_timeout", "keep_alive", "write_timeout", "graceful_timeout"), _TIME),
}
SETTINGS = builds(Settings, **{name: _STRATEGIES.get(name, _WHOLE) for name in fields_dict(Settings)})


@given(SETTINGS)
def test_file(settings: Settings) -> None:
    """Settings that are written as a file are the same when they are read."""
    with tempfile.NamedTemporaryFile("w", suffix=".toml", encoding="utf-8", newline="") as file:
        file.write(to_toml(settings))
        file.flush()
        assert make_settings(from_file(file.name)) == settings


@given(SETTINGS)
def test_words(settings: Settings) -> None:
    """Settings that are written as words are the same when they are read."""
    values = {name: Given(getattr(settings, name), "") for name in fields_dict(Settings)}
    assert (
        make_settings({name: from_words(name, one.words, "") for name, one in values.items() if one.words}) == settings
    )


def test_comment() -> None:
    """What is not the default has the default beside it."""
    changed = [line for line in to_toml(Settings(threads=3)).splitlines() if "#" in line]
    assert changed == ["threads = 3  # default: 8"]


def test_order() -> None:
    """The first source that has a setting decides."""
    first, second = {"threads": Given(2, "a")}, {"threads": Given(3, "b"), "workers": Given(4, "b")}
    assert make_settings(first, second) == Settings(threads=2, workers=4)


class TestWords:
    @pytest.mark.parametrize(
        "name,word,fault",
        [
            ("threads", "four", "threads is 'four', but must be a whole number"),
            ("threads", "", "threads is '', but must be a whole number"),
            ("threads", "2.5", "threads is '2.5', but must be a whole number"),
            ("threads", "٣", "threads is '٣', but must be a whole number"),  # an Arabic 3
            ("threads", "9" * 5000, "threads is '999"),
            ("threads", "0", "threads is 0, but must be a number from 1 to 4096"),
            ("keep_alive", "5s", "keep_alive is '5s', but must be a number of seconds"),
            ("keep_alive", "nan", "keep_alive is nan, but must be from 0 to 1000000 seconds"),
            ("access_log", "jsn", "access_log is 'jsn', but must be one of off, combined, json"),
            ("bind", "8000", "address '8000' has no port from 0 to 65535"),
        ],
    )
    def test_wrong(self, name: str, word: str, fault: str) -> None:
        """A wrong word is told with its place."""
        with pytest.raises(ConfigurationError) as refusal:
            from_words(name, [word], "HERE")
        assert str(refusal.value).startswith(f"HERE: {fault}")

    def test_last(self) -> None:
        """Of several words for one value the last counts."""
        assert from_words("threads", ["2", "3"], "") == Given(3, "")


class TestEnvironment:
    def test_values(self) -> None:
        """Variables are read by their names; others are none of ours."""
        environment = {"GATEWRIGHT_THREADS": "4", "GATEWRIGHT_BIND": ":1 unix:s", "THREADS": "5", "PATH": "/"}
        assert make_settings(from_environment(environment)) == Settings(threads=4, bind=(":1", "unix:s"))

    def test_wrong(self) -> None:
        """A wrong value is told with the name of its variable."""
        with pytest.raises(ConfigurationError, match=r"^GATEWRIGHT_WORKERS: workers is 0, but must be "):
            from_environment({"GATEWRIGHT_WORKERS": "0"})

    def test_misspelt(self, caplog: pytest.LogCaptureFixture) -> None:
        """A variable that is nearly a setting is logged."""
        with caplog.at_level(logging.WARNING, "gatewright.server"):
            assert from_environment({"GATEWRIGHT_THREAD": "4"}) == {}
        assert caplog.messages == ["GATEWRIGHT_THREAD is no setting; is GATEWRIGHT_THREADS meant?"]

    def test_kubernetes(self, caplog: pytest.LogCaptureFixture) -> None:
        """The variables that Kubernetes sets for a service of that name are left alone."""
        given = {
            "GATEWRIGHT_SERVICE_HOST": "10.0.0.1",
            "GATEWRIGHT_PORT": "tcp://10.0.0.1:80",
            "GATEWRIGHT_CONFIG": "x",
        }
        assert (from_environment(given), caplog.messages) == ({}, [])


class TestFile:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        """Name a file that is not there yet."""
        return tmp_path / "app.toml"

    def test_values(self, file: Path) -> None:
        """A file has settings of their own types; one address needs no list."""
        file.write_text('bind = ":1"\nthreads = 4\nhead_timeout = 3\nkeep_alive = 1.5\n')
        expected = Settings(bind=(":1",), threads=4, head_timeout=3.0, keep_alive=1.5)
        assert make_settings(from_file(str(file))) == expected

    def test_pyproject(self, tmp_path: Path) -> None:
        """In pyproject.toml the settings have a table of their own."""
        file = tmp_path / "pyproject.toml"
        file.write_text("[project]\nname = 'app'\n[tool.gatewright]\nthreads = 4\n")
        assert make_settings(from_file(str(file))) == Settings(threads=4)

    @pytest.mark.parametrize("content", ["", "[tool.other]\nthreads = 4\n"])
    def test_pyproject_of_others(self, tmp_path: Path, content: str) -> None:
        """A pyproject.toml without that table has no settings."""
        file = tmp_path / "pyproject.toml"
        file.write_text(content)
        assert from_file(str(file)) == {}

    def test_optional(self, file: Path) -> None:
        """A file that need not exist has no settings if it does not."""
        assert from_file(str(file), must_exist=False) == {}

    @pytest.mark.parametrize(
        "content,fault",
        [
            ("thread = 4", "there is no setting 'thread'; is 'threads' meant?"),
            ("socket-mode = '660'", "there is no setting 'socket-mode'; is 'socket_mode' meant?"),
            ("[serve]\nthreads = 4", "there is no setting 'serve'; --print-settings prints all that there are"),
            ("threads = '4'", "threads is '4', but must be a whole number"),
            ("threads = 2.5", "threads is 2.5, but must be a whole number"),
            ("threads = true", "threads is true, but must be a whole number"),
            ("threads = 0", "threads is 0, but must be a number from 1 to 4096"),
            ("threads = 1979-05-27", "threads is datetime.date(1979, 5, 27), but must be a whole number"),
            ("keep_alive = '5'", "keep_alive is '5', but must be a number of seconds"),
            ("keep_alive = inf", "keep_alive is inf, but must be from 0 to 1000000 seconds"),
            ("socket_mode = 0o660", "socket_mode is 432, but must be text in quotes"),
            ("access_log = 1", 'access_log is 1, but must be one of "off", "combined", "json"'),
            ("bind = 8000", "bind is 8000, but must be a list of texts in quotes"),
            ("bind = [':1', 2]", "bind is [':1', 2], but must be a list of texts in quotes"),
            ("bind = ['8000']", "address '8000' has no port from 0 to 65535"),
            ("threads = ", "is not a TOML file: Invalid value (at "),
            ("threads = 1\nthreads = 2", "is not a TOML file: Cannot overwrite a value"),
        ],
    )
    def test_wrong(self, file: Path, content: str, fault: str) -> None:
        """What is wrong with a file is told with its name."""
        file.write_text(content)
        with pytest.raises(ConfigurationError) as refusal:
            from_file(str(file))
        assert str(refusal.value).startswith(f"{file}: {fault}")

    def test_bytes(self, file: Path) -> None:
        """A file that is not UTF-8 is no TOML file."""
        file.write_bytes(b"server_name = '\xff'")
        with pytest.raises(ConfigurationError, match="is not a TOML file: 'utf-8'"):
            from_file(str(file))

    @pytest.mark.parametrize("content", ["tool = 4", "[tool]\ngatewright = 4"])
    def test_no_table(self, tmp_path: Path, content: str) -> None:
        """What should be the table, and is none, is told."""
        file = tmp_path / "pyproject.toml"
        file.write_text(content)
        with pytest.raises(ConfigurationError, match=r"tool\.gatewright is no table$"):
            from_file(str(file))

    def test_absent(self, file: Path) -> None:
        """A file that is not there is told; so is a folder."""
        with pytest.raises(ConfigurationError, match="cannot be read: No such file"):
            from_file(str(file))

    def test_folder(self, tmp_path: Path) -> None:
        """A folder is no file."""
        with pytest.raises(ConfigurationError, match="cannot be read: Is a directory"):
            from_file(str(tmp_path), must_exist=False)
