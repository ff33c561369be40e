from __future__ import annotations

import wsgiref.headers
from collections.abc import Callable
from subprocess import CompletedProcess
from typing import Any

import attrs
import pytest
from hypothesis import given, strategies as st

from gatewright.errors import ForbiddenCharacter
from gatewright.headers import Headers

RunPython = Callable[..., CompletedProcess[str]]
Store = Callable[[Headers, Any, Any], object]

FIELDS = [("Set-Cookie", "a"), ("X", "1"), ("set-cookie", "b")]


def add_parameter(headers: Headers, name: str, value: str) -> None:
    """Put the name where a parameter's name goes and the value where its value goes."""
    headers.add_header("X", None, **{name: value})


STORES: dict[str, Store] = {
    "init": lambda _, name, value: Headers([(name, value)]),
    "setitem": Headers.__setitem__,
    "setdefault": Headers.setdefault,
    "add_header": Headers.add_header,
    "parameter": add_parameter,
}

each_store = pytest.mark.parametrize("store", STORES.values(), ids=STORES)


class Text(str):
    __slots__ = ()


@pytest.fixture
def headers() -> Headers:
    """Return three fields, two of them of one name."""
    return Headers(FIELDS[:])


# --- What it is made of ---------------------------------------------------------------------------------------------


def test_empty() -> None:
    """Without a list there are no fields."""
    assert Headers().items() == Headers(None).items() == []


def test_wraps_the_list() -> None:
    """The list that was given is the one that changes."""
    fields = [("A", "1")]
    Headers(fields)["B"] = "2"
    assert fields == [("A", "1"), ("B", "2")]


def test_from_checked() -> None:
    """Fields that were checked before are taken as they are."""
    fields = [("A", "1")]
    assert (type(Headers.from_checked(fields)), Headers.from_checked(fields).items()) == (Headers, fields)


class Fields(list[tuple[str, str]]):
    pass


@pytest.mark.parametrize("given_headers", [(), {}, (("A", "1"),), Fields()], ids=["tuple", "dict", "pairs", "subclass"])
def test_no_list(given_headers: Any) -> None:
    """Anything but a builtin list is refused."""
    with pytest.raises(TypeError, match=r"^Headers must be a list of name/value tuples$"):
        Headers(given_headers)


def test_subclass() -> None:
    """A subclass may say how it is made, and shows its own name."""

    class Named(Headers):
        def __init__(self, name: str) -> None:
            Headers.__init__(self, [("Name", name)])

    assert repr(Named("x")) == "Named([('Name', 'x')])"


@attrs.define(slots=False, eq=False)
class Counted(Headers):
    given: list[tuple[str, str]]
    count: int = 0

    def __attrs_post_init__(self) -> None:
        Headers.__init__(self, self.given)

    def __setitem__(self, name: str, val: str) -> None:
        super().__setitem__(name, val)
        self.count += 1


def test_attrs_subclass() -> None:
    """A subclass may be an attrs class that calls our __init__."""
    headers = Counted([("A", "1")])
    headers["B"] = "2"
    assert (headers.count, headers.items()) == (1, [("A", "1"), ("B", "2")])


def test_identity() -> None:
    """Two objects are equal only if they are one, as in wsgiref, and can be keys of a dict."""
    assert len({Headers(), Headers()}) == 2


# --- Its methods ----------------------------------------------------------------------------------------------------


def test_len(headers: Headers) -> None:
    """A name that occurs twice counts twice."""
    assert len(headers) == 3


@pytest.mark.parametrize("name", ["set-cookie", "SET-COOKIE", "Set-Cookie"])
def test_getitem(headers: Headers, name: str) -> None:
    """Reading ignores case and gives the first field."""
    assert headers[name] == "a"


def test_getitem_missing(headers: Headers) -> None:
    """A name that is not there reads as None and not as a KeyError."""
    assert headers["Y"] is None


@pytest.mark.parametrize("name, present", [("x", True), ("X", True), ("Y", False), ("", False), ("XX", False)])
def test_contains(headers: Headers, name: str, present: bool) -> None:
    """A name is in it whatever its case."""
    assert (name in headers) == present


@pytest.mark.parametrize("name, values", [("SET-COOKIE", ["a", "b"]), ("x", ["1"]), ("Y", [])])
def test_get_all(headers: Headers, name: str, values: list[str]) -> None:
    """All values of a name come in their order."""
    assert headers.get_all(name) == values


def test_get(headers: Headers) -> None:
    """get() has a default, which is None unless it is given."""
    default = object()
    assert (headers.get("x"), headers.get("Y"), headers.get("Y", "d"), headers.get("Y", default)) == (
        "1",
        None,
        "d",
        default,
    )


def test_setitem_replaces(headers: Headers) -> None:
    """Setting a name removes all its fields and appends one."""
    headers["SET-COOKIE"] = "c"
    assert headers.items() == [("X", "1"), ("SET-COOKIE", "c")]


def test_setitem_appends(headers: Headers) -> None:
    """Setting a name that is not there appends a field."""
    headers["Y"] = ""
    assert headers.items() == [*FIELDS, ("Y", "")]


def test_delitem(headers: Headers) -> None:
    """Deleting removes all fields of a name."""
    del headers["set-COOKIE"]
    assert headers.items() == [("X", "1")]


def test_delitem_missing(headers: Headers) -> None:
    """Deleting what is not there is no error."""
    del headers["Y"]
    assert headers.items() == FIELDS


def test_setdefault_present(headers: Headers) -> None:
    """setdefault() leaves what is there and returns it."""
    assert (headers.setdefault("x", "2"), headers.items()) == ("1", FIELDS)


def test_setdefault_missing(headers: Headers) -> None:
    """setdefault() appends what is not there and returns it."""
    assert (headers.setdefault("Y", "2"), headers.items()) == ("2", [*FIELDS, ("Y", "2")])


def test_lists(headers: Headers) -> None:
    """keys(), values() and items() are lists of all fields in their order."""
    assert [*zip(headers.keys(), headers.values(), strict=True)] == headers.items() == FIELDS


def test_items_is_a_copy(headers: Headers) -> None:
    """Changing the list that items() returned changes nothing here."""
    headers.items().clear()
    assert len(headers) == 3


def test_str() -> None:
    """As text the fields stand as they travel, with the empty line that ends them."""
    assert str(Headers([("A", "1"), ("B", "2")])) == "A: 1\r\nB: 2\r\n\r\n"


def test_bytes() -> None:
    """As bytes each character is one."""
    assert bytes(Headers([("A", "caf\xe9")])) == b"A: caf\xe9\r\n\r\n"


def test_bytes_beyond_latin_1() -> None:
    """What no byte stands for cannot be sent."""
    with pytest.raises(UnicodeEncodeError):
        bytes(Headers([("A", "\u20ac")]))


def test_repr(headers: Headers) -> None:
    """The representation can be evaluated."""
    assert eval(repr(headers)).items() == FIELDS


@pytest.mark.parametrize(
    "value, parameters, expected",
    [
        ("attachment", {"filename": "bud.gif"}, 'attachment; filename="bud.gif"'),
        ("a", {"b_c": "1"}, 'a; b-c="1"'),
        ("a", {"b": None}, "a; b"),
        ("a", {"b": ""}, "a; b"),
        ("a", {"b": 'q"\\'}, 'a; b="q\\"\\\\"'),
        (None, {"b": "1"}, 'b="1"'),
        (None, {}, ""),
        ("a", {}, "a"),
        ("a", {"b": "1", "c": None}, 'a; b="1"; c'),
    ],
)
def test_add_header(value: str | None, parameters: dict[str, str | None], expected: str) -> None:
    """add_header() appends a field with MIME parameters, as wsgiref writes them."""
    headers, model = Headers([("X", "0")]), wsgiref.headers.Headers([("X", "0")])
    headers.add_header("X", value, **parameters)
    model.add_header("X", value, **parameters)
    assert headers.items() == model.items() == [("X", "0"), ("X", expected)]


# --- What it refuses ------------------------------------------------------------------------------------------------


@each_store
@pytest.mark.parametrize("name", ["A\r\nB", "A\n", "A\r", "A\0", "A\x7f"])
def test_control_in_name(store: Store, name: str) -> None:
    """No name with a control character gets in, in no way (cpython#143916, CVE-2026-0865)."""
    with pytest.raises(ForbiddenCharacter, match="Bad header"):
        store(Headers(), name, "x")


def test_tab_in_name() -> None:
    """HTAB, which may stand in a value, may not stand in a name."""
    with pytest.raises(ForbiddenCharacter, match="Bad header name"):
        Headers()["A\t"] = "x"


@each_store
@pytest.mark.parametrize("value", ["a\r\nB: c", "a\n", "a\r", "a\0", "a\x1b", "a\x7f"])
def test_control_in_value(store: Store, value: str) -> None:
    """No value with a control character gets in, in no way (cpython#143916, CVE-2026-0865)."""
    with pytest.raises(ForbiddenCharacter, match="Bad header value"):
        store(Headers(), "A", value)


@each_store
def test_tab_in_value(store: Store) -> None:
    """HTAB may stand in a value, as HTTP allows (python/cpython PR 144118)."""
    store(Headers(), "A", "a\tb")


@each_store
def test_nothing_is_stored(store: Store) -> None:
    """A field that was refused leaves no trace."""
    headers = Headers([("A", "1")])
    with pytest.raises(ForbiddenCharacter):
        store(headers, "A\n", "2")
    assert headers.items() == [("A", "1")]


@pytest.mark.parametrize("name, value, rule", [("A\n", "b", "A17"), ("A", "b\n", "A18"), (b"A", "b", "A16")])
def test_rule(name: Any, value: str, rule: str) -> None:
    """The error says which rule was broken."""
    with pytest.raises(AssertionError) as raised:
        Headers()[name] = value
    assert raised.value.args[0].rule.id == rule


@each_store
@pytest.mark.parametrize("value", [b"b", 1, b"", 0, Text("b")], ids=repr)
def test_no_str(store: Store, value: Any) -> None:
    """A value that is no str, or of a subclass of it, is an AssertionError, as in wsgiref."""
    with pytest.raises(AssertionError, match="must be of type str"):
        store(Headers(), "A", value)


def test_no_str_that_is_known() -> None:
    """That a like field was found good changes nothing."""
    Headers([("A", "known")])
    with pytest.raises(AssertionError, match="must be of type str"):
        Headers([("A", Text("known"))])


READS: dict[str, Callable[[Headers, Any], object]] = {
    "get": Headers.get,
    "getitem": Headers.__getitem__,
    "contains": Headers.__contains__,
    "get_all": Headers.get_all,
    "delitem": Headers.__delitem__,
    "setdefault": lambda headers, name: headers.setdefault(name, ""),
    "setitem": lambda headers, name: headers.__setitem__(name, ""),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_name_is_no_str(headers: Headers, read: Callable[[Headers, Any], object]) -> None:
    """A name that is no str is an AssertionError wherever it is given, as in wsgiref."""
    with pytest.raises(AssertionError, match=r"^Header name must be of type str"):
        read(headers, b"X")


@pytest.mark.parametrize(
    "statement",
    [
        "Headers([('A', 'a\\r\\nB: c')])",
        "Headers()['A'] = '\\n'",
        "Headers().setdefault('A\\n', '')",
        "Headers([(b'A', '')])",
    ],
)
def test_refused_when_optimised(run_python: RunPython, statement: str) -> None:
    """Python -O does not take the checks away (cpython#150726)."""
    done = run_python("-O", "-c", f"from gatewright.headers import Headers\n{statement}")
    assert "gatewright.errors.RuleBroken" in done.stderr


# --- Held against wsgiref -------------------------------------------------------------------------------------------

NAMES = st.sampled_from(["A", "a", "B", "b", "X-Long-Name", "x-long-name"])
VALUES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=4)
PARAMETERS = st.dictionaries(st.sampled_from(["p", "q_r"]), st.none() | VALUES, max_size=2)

Operation = tuple[str, tuple[Any, ...], dict[str, Any]]


def operation(method: str, *arguments: st.SearchStrategy[Any], **more: Any) -> st.SearchStrategy[Operation]:
    """Return a strategy for one call."""
    return st.tuples(st.just(method), st.tuples(*arguments), more.get("keywords", st.just(dict[str, Any]())))


OPERATIONS = st.one_of(
    *[operation(method, NAMES) for method in ("__getitem__", "__contains__", "__delitem__", "get", "get_all")],
    *[operation(method, NAMES, VALUES) for method in ("__setitem__", "get", "setdefault")],
    *[operation(method) for method in ("__len__", "keys", "values", "items", "__str__", "__bytes__", "__repr__")],
    operation("add_header", NAMES, st.none() | VALUES, keywords=PARAMETERS),
)


@given(st.lists(st.tuples(NAMES, VALUES), max_size=3), st.lists(OPERATIONS, max_size=8))
def test_like_wsgiref(fields: list[tuple[str, str]], operations: list[Operation]) -> None:
    """Any legal sequence of calls gives what it gives in wsgiref, and leaves the same fields."""
    ours, theirs = Headers(fields[:]), wsgiref.headers.Headers(fields[:])
    results: list[tuple[Any, Any]] = []
    for method, arguments, keywords in operations:
        one, other = (getattr(headers, method)(*arguments, **keywords) for headers in (ours, theirs))
        results.append((one, other))
    assert ([one for one, _ in results], ours.items()) == ([other for _, other in results], theirs.items())


@given(st.lists(st.tuples(st.sampled_from([*STORES.values()]), st.text(max_size=3), st.text(max_size=3)), max_size=4))
def test_no_line_is_broken(stores: list[tuple[Store, str, str]]) -> None:
    """Whatever was tried, each field that got in is one line, and no CR or LF stands anywhere else."""
    headers = Headers()
    for store, name, value in stores:
        try:
            store(headers, name, value)
        except ForbiddenCharacter:
            continue
    lines = str(headers).split("\r\n")
    assert len(lines) == len(headers) + 2
    assert not any({"\r", "\n"} & set(line) for line in lines)
