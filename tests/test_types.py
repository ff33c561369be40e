from __future__ import annotations

import ast
import inspect
import io
import typing
import wsgiref.types
from collections.abc import Callable, Iterable
from operator import attrgetter
from subprocess import CompletedProcess
from typing import Any

import pytest

from gatewright import types
from gatewright.types import Environ, StartResponse, SupportsClose, WSGIEnvironment

RunPython = Callable[..., CompletedProcess[str]]

PROTOCOLS = [cls for name in types.__all__ if inspect.isclass(cls := getattr(types, name))]
METHODS = [
    each for cls in PROTOCOLS for each in vars(cls).values() if getattr(each, "__module__", "") == types.__name__
]

METHODS_OF_WSGIREF = [
    "StartResponse.__call__",
    "InputStream.read",
    "InputStream.readline",
    "InputStream.readlines",
    "InputStream.__iter__",
    "ErrorStream.flush",
    "ErrorStream.write",
    "ErrorStream.writelines",
    "FileWrapper.__call__",
]


def parameters(method: Callable[..., object]) -> list[tuple[str, object, object]]:
    """Return what matters to a caller of each parameter."""
    return [(each.name, each.kind, each.default) for each in inspect.signature(method).parameters.values()]


def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Serve as an example of what users annotate."""
    start_response("200 OK", [])
    return [environ["REQUEST_METHOD"].encode("latin-1")]


def test_all_is_complete() -> None:
    """Every public name that the module defines is exported."""
    tree = ast.parse(inspect.getsource(types))
    classes = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    aliases = {
        node.target.id for node in tree.body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    assert {name for name in classes | aliases if not name.startswith("_")} == set(types.__all__)


def test_names_of_wsgiref() -> None:
    """Every name of wsgiref.types is here."""
    assert set(wsgiref.types.__all__) <= set(types.__all__)


def test_environment_is_that_of_wsgiref() -> None:
    """WSGIEnvironment is the same type as in wsgiref.types."""
    assert WSGIEnvironment == wsgiref.types.WSGIEnvironment


@pytest.mark.parametrize("method", METHODS_OF_WSGIREF)
def test_methods_of_wsgiref(method: str) -> None:
    """A method of a protocol of wsgiref.types has the same parameters here, of the same kinds."""
    theirs, ours = attrgetter(method)(wsgiref.types), attrgetter(method)(types)
    assert parameters(ours) == parameters(theirs)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__qualname__)
def test_type_hints_of_methods(method: Callable[..., object]) -> None:
    """get_type_hints() understands every method of every protocol (typeshed#11004)."""
    assert typing.get_type_hints(method) is not None


def test_type_hints_of_applications() -> None:
    """get_type_hints() understands an application annotated with our names (typeshed#11004)."""
    hints = {"environ": Environ, "start_response": StartResponse, "return": Iterable[bytes]}
    assert typing.get_type_hints(application) == hints


@pytest.mark.parametrize("cls", PROTOCOLS)
def test_subclassing(cls: type) -> None:
    """Every protocol can be a base at run time."""
    assert cls in inspect.getmro(type("Mine", (cls,), {}))


@pytest.mark.parametrize("name", types.__all__)
def test_optional(name: str) -> None:
    """Every name can stand in a union that is evaluated."""
    assert type(None) in typing.get_args(getattr(types, name) | None)


def test_environ_at_run_time() -> None:
    """The run-time Environ has every method whose overloads checkers read, so that both describe one class."""
    tree = ast.parse(inspect.getsource(types))
    environ = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Environ")
    branches = next(node for node in environ.body if isinstance(node, ast.If))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    checked = {node.name for node in functions if any(ast.unparse(each) == "overload" for each in node.decorator_list)}
    assert checked == {node.name for node in branches.orelse if isinstance(node, ast.FunctionDef)}


def test_environ_has_no_overloads_at_run_time() -> None:
    """The overloads for checkers are not evaluated, so that importing the module stays cheap."""
    assert typing.get_overloads(Environ.get) == []


def test_environ_promises_what_a_dict_has() -> None:
    """Every method of the run-time Environ is a method of dict."""
    methods = {name for name, value in vars(Environ).items() if inspect.isfunction(value)}
    assert methods - {"__init__", "__subclasshook__"} <= set(dir(dict))


@pytest.mark.parametrize("closeable", [io.BytesIO(), (block for block in [b""])], ids=["file", "generator"])
def test_supports_close(closeable: Any) -> None:
    """isinstance() sees that a body must be closed."""
    assert isinstance(closeable, SupportsClose)


def test_does_not_support_close() -> None:
    """isinstance() sees that a list needs no closing."""
    assert not isinstance([b""], SupportsClose)


@pytest.mark.parametrize("cls", [each for each in PROTOCOLS if each is not SupportsClose])
def test_is_not_checkable(cls: type) -> None:
    """A protocol that isinstance() could not check truly, such as WSGIApplication, refuses to try."""
    with pytest.raises(TypeError, match="runtime_checkable"):
        isinstance(application, cls)


@pytest.mark.parametrize("name", ["attr", "attrs", "typing_extensions", "inspect", "wsgiref"])
def test_imports_nothing_costly(run_python: RunPython, name: str) -> None:
    """Importing the types loads nothing that must be installed, and nothing of the standard library but typing."""
    code = "import sys; before = set(sys.modules); import gatewright.types; print(*set(sys.modules) - before)"
    imported = run_python("-c", code).stdout.split()
    assert "gatewright.types" in imported
    assert name not in imported
