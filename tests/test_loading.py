from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import cast

import pytest
from hypothesis import given, strategies as st

from gatewright.errors import ConfigurationError
from gatewright.loading import load

WriteModule = Callable[[str, str], Path]

GOOD = """
    def application(environ, start_response):
        start_response("200 OK", [])
        return [b"served"]
    """


@pytest.fixture(autouse=True)
def _forget_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Leave the import system as it was: the modules of one test are not those of the next."""
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    importlib.invalidate_caches()
    yield
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]


def complaint(target: str) -> str:
    """Return the one line that loading the target fails with."""
    with pytest.raises(ConfigurationError) as caught:
        load(target)
    return str(caught.value)


def answer(target: str) -> list[bytes]:
    """Return what the loaded application answers."""
    return list(load(target)({}, lambda _status, _headers, _exc_info=None, /: lambda _data: None))


class TestWhatCanBeNamed:
    def test_attribute(self, write_module: WriteModule) -> None:
        """MODULE:APP is the attribute of the module in the current directory."""
        write_module("site_a", GOOD)
        assert answer("site_a:application") == [b"served"]

    def test_module_in_package(self, write_module: WriteModule) -> None:
        """The module may be inside a package."""
        write_module("parts_b/site", GOOD)
        assert answer("parts_b.site:application") == [b"served"]

    def test_attribute_of_attribute(self, write_module: WriteModule) -> None:
        """Dots after the colon lead from attribute to attribute."""
        write_module("site_c", GOOD + "\n    class holder:\n        wsgi = staticmethod(application)\n")
        assert answer("site_c:holder.wsgi") == [b"served"]

    def test_factory(self, write_module: WriteModule) -> None:
        """MODULE:FACTORY() calls the factory without arguments and serves what it returns."""
        write_module("site_d", GOOD + "\n    def make(debug=False):\n        return application\n")
        assert answer("site_d:make()") == [b"served"]

    def test_class_whose_instances_are_responses(self, write_module: WriteModule) -> None:
        """A class is an application if its instances can be iterated over, as PEP 3333 shows."""
        source = """
            class Application:
                def __init__(self, environ, start_response):
                    start_response("200 OK", [])
                def __iter__(self):
                    yield b"served"
            """
        write_module("site_e", source)
        assert answer("site_e:Application") == [b"served"]

    def test_callable_without_a_signature(self, write_module: WriteModule) -> None:
        """A callable that does not tell its parameters is believed to take the right ones."""
        write_module("site_f", "application = max")
        assert cast("object", load("site_f:application")) is max


WRONG_FORMS = {
    **dict.fromkeys(("", ":app", "site:app(1)", "site:app()()", "a b:app", ".site:app", "/site.py:app"), ""),
    **dict.fromkeys(("site", "site:", "site.py", "./site.py"), "; is 'site:application' meant?"),
    **dict.fromkeys(("./shop/site.py:app", "shop/site:app"), "; is 'shop.site:app' meant?"),
}


@pytest.mark.parametrize("target", WRONG_FORMS)
def test_wrong_form(target: str) -> None:
    """A target of another form is refused with the form, and with what is meant if it names a module or a file."""
    assert complaint(target) == f"{target!r} is not of the form MODULE:APP or MODULE:FACTORY(){WRONG_FORMS[target]}"


@given(st.text(max_size=30).filter(lambda text: ":" not in text))
def test_no_colon(target: str) -> None:
    """Whatever has no colon names no application."""
    assert complaint(target).startswith(repr(target))


class TestModule:
    def test_absent(self) -> None:
        """A module that is not there is named, and where it was looked for."""
        expected = "no module named 'no_such_site' in the current directory or on Python's path"
        assert complaint("no_such_site:app") == expected

    def test_absent_in_package(self, write_module: WriteModule) -> None:
        """Of a dotted name, the part that is missing is named."""
        write_module("parts_g/__init__", "")
        assert complaint("parts_g.site:app").startswith("no module named 'parts_g.site'")

    def test_file_name(self, write_module: WriteModule) -> None:
        """Who writes the name of the file is told that of the module."""
        write_module("site_h", GOOD)
        assert complaint("site_h.py:application") == "'site_h.py' is the name of a file; of a module it is 'site_h'"

    def test_import_inside_it_fails(self, write_module: WriteModule) -> None:
        """A module that imports what is not there is told from one that is not there, by file and line."""
        path = write_module("site_i", "\nimport no_such_library\n")
        expected = f"cannot import 'site_i': ModuleNotFoundError: No module named 'no_such_library' ({path}:2)"
        assert complaint("site_i:app") == expected

    def test_raises(self, write_module: WriteModule) -> None:
        """What a module raises while it is imported is given with its type, in one line, and its place."""
        path = write_module("site_j", "raise RuntimeError('first\\nsecond')")
        assert complaint("site_j:app") == f"cannot import 'site_j': RuntimeError: first second ({path}:1)"

    def test_exits(self, write_module: WriteModule) -> None:
        """A module that ends the process while it is imported does not end it silently."""
        path = write_module("site_k", "import sys\nsys.exit()")
        assert complaint("site_k:app") == f"cannot import 'site_k': SystemExit ({path}:2)"

    def test_syntax_error(self, write_module: WriteModule) -> None:
        """A syntax error is placed where it is, not where the import was."""
        path = write_module("site_l", "\n\ndef application(:\n")
        assert complaint("site_l:app") == f"cannot import 'site_l': SyntaxError: invalid syntax ({path}:3)"

    def test_cause_is_kept(self, write_module: WriteModule) -> None:
        """Who wants the traceback finds the exception as the cause."""
        write_module("site_m", "1 / 0")
        with pytest.raises(ConfigurationError) as caught:
            load("site_m:app")
        assert isinstance(caught.value.__cause__, ZeroDivisionError)


class TestAttribute:
    def test_absent(self, write_module: WriteModule) -> None:
        """A missing attribute is named with the one that was probably meant."""
        write_module("site_n", GOOD)
        expected = "'site_n' has no attribute 'aplication'; did you mean 'application'?"
        assert complaint("site_n:aplication") == expected

    def test_nothing_like_it(self, write_module: WriteModule) -> None:
        """Where nothing is like it, nothing is suggested."""
        write_module("site_o", GOOD)
        assert complaint("site_o:xyzzy") == "'site_o' has no attribute 'xyzzy'"

    def test_absent_of_attribute(self, write_module: WriteModule) -> None:
        """It is said of what the attribute is missing."""
        write_module("site_p", GOOD)
        assert complaint("site_p:application.wsgi") == "'site_p:application' has no attribute 'wsgi'"

    def test_raises(self, write_module: WriteModule) -> None:
        """A lazy attribute that raises is reported as what it raises."""
        path = write_module("site_q", "def __getattr__(name):\n    raise LookupError(name)")
        assert complaint("site_q:app") == f"cannot read 'site_q:app': LookupError: app ({path}:2)"


@pytest.mark.parametrize(
    "source,said",
    [
        ("app = 'text'", "an object of type 'str', which cannot be called"),
        ("app = None", "None, which cannot be called"),
        (
            "async def app(scope, receive, send): ...",
            "an asynchronous (ASGI) application; serve it with an ASGI server",
        ),
        ("async def app(environ, start_response): yield b''", "an asynchronous (ASGI) application"),
        (
            "class A:\n    async def __call__(self, scope, receive, send): ...\napp = A()",
            "an asynchronous (ASGI) application",
        ),
        ("class app:\n    def __call__(self, environ, start_response): ...", "a class whose instances are no response"),
        ("def app(): ...", "a callable that takes (), not (environ, start_response); if calling it makes"),
        ("def app(environ, start_response, extra): ...", "a callable that takes (environ, start_response, extra)"),
    ],
)
@pytest.mark.parametrize("made", [False, True])
def test_no_application(write_module: WriteModule, source: str, said: str, made: bool) -> None:
    """What is surely no WSGI application is refused before a server is started, named or made by a factory."""
    write_module("site_r", f"{source}\ndef make():\n    return app\n")
    subject = "'site_r:make()' returned" if made else "'site_r:app' is"
    assert complaint("site_r:make()" if made else "site_r:app").startswith(f"{subject} {said}")


class TestFactory:
    def test_raises(self, write_module: WriteModule) -> None:
        """What a factory raises is given with its type and place."""
        path = write_module("site_s", "def make():\n    raise KeyError('SECRET')")
        assert complaint("site_s:make()") == f"'site_s:make()' failed: KeyError: 'SECRET' ({path}:2)"

    def test_needs_arguments(self, write_module: WriteModule) -> None:
        """A factory that cannot be called without arguments is quoted; no line of ours is blamed."""
        write_module("site_t", "def make(config): ...")
        expected = "'site_t:make()' failed: TypeError: make() missing 1 required positional argument: 'config'"
        assert complaint("site_t:make()") == expected

    def test_not_callable(self, write_module: WriteModule) -> None:
        """What cannot be called is no factory."""
        write_module("site_u", "make = 3")
        expected = "'site_u:make' is an object of type 'int', which cannot be called to make an application"
        assert complaint("site_u:make()") == expected

    def test_asynchronous(self, write_module: WriteModule) -> None:
        """An asynchronous factory is refused without being called: nobody would await its result."""
        write_module("site_v", "async def make(): ...")
        expected = "'site_v:make' is an asynchronous function, which cannot make a WSGI application"
        assert complaint("site_v:make()") == expected


def test_current_directory_comes_first(write_module: WriteModule, monkeypatch: pytest.MonkeyPatch) -> None:
    """The current directory is put before everything else, as `python -m` has it."""
    here = str(write_module("site_w", GOOD).parent)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])
    load("site_w:application")
    assert sys.path[0] == here


def test_safe_path(write_module: WriteModule, run_python: Callable[..., CompletedProcess[str]]) -> None:
    """Under `python -P` the current directory is left out."""
    write_module("site_x", GOOD)
    code = "from gatewright.loading import load; load('site_x:application')"
    last_line = run_python("-P", "-c", code).stderr.splitlines()[-1]
    assert last_line.endswith("ConfigurationError: no module named 'site_x' on Python's path")
