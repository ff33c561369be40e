"""What becomes of violations."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import attrs
import pytest

from gatewright.errors import ConfigurationError
from gatewright.spec.checks import Violation
from gatewright.spec.rules import RULES, Party
from gatewright.types import StartResponse
from gatewright.validate import Action, Policy, WSGIWarning, checked, validator

MakeEnviron = Callable[..., dict[str, Any]]

TYPE = ("Content-Type", "text/plain")


def bad(_: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Break A20, of level must, and A43, of level should."""
    start_response("200 OK", [("Connection", "close")])
    return [b"body"]


def fine(_: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Break nothing."""
    start_response("200 OK", [TYPE])
    return [b"body"]


def start(_status: str, _headers: Any, _exc_info: Any = None, /) -> Any:
    """Be a server's start_response()."""
    return len


def run(app: Any, policy: Policy, environ: Any) -> bytes:
    """Call the application as a server does."""
    result: Any = checked(app, policy)(environ, start)
    body = b"".join(result)
    if hasattr(result, "close"):
        result.close()
    return body


UNTYPED = Violation(RULES["A43"], "untyped")
HOP = Violation(RULES["A20"], "hop-by-hop")


@pytest.mark.parametrize(
    "policy, rule, action",
    [
        (Policy(), "A20", Action.RAISE),
        (Policy(), "A43", Action.WARN),
        (Policy(must=Action.LOG), "A20", Action.LOG),
        (Policy(must=Action.LOG), "A43", Action.WARN),
        (Policy(should=Action.IGNORE), "A43", Action.IGNORE),
        (Policy(rules={"A20": Action.IGNORE}), "A20", Action.IGNORE),
        (Policy(rules={"A20": Action.IGNORE}), "A21", Action.RAISE),
    ],
    ids=repr,
)
def test_action(policy: Policy, rule: str, action: Action) -> None:
    """The action for a rule wins over that for its level."""
    assert policy.action_for(RULES[rule]) is action


def test_unknown_rule() -> None:
    """A rule that does not exist is the operator's mistake."""
    with pytest.raises(ConfigurationError, match="'A99'"):
        Policy(rules={"A20": Action.LOG, "A99": Action.LOG})


@pytest.mark.parametrize("keywords", [{"must": Action.REPORT}, {"rules": {"A20": Action.REPORT}}], ids=repr)
def test_report_to_nobody(keywords: dict[str, Any]) -> None:
    """Who wants reports says to whom."""
    with pytest.raises(ConfigurationError, match="report"):
        Policy(**keywords)


def test_frozen() -> None:
    """A policy cannot be changed, nor by the mapping that it was made of."""
    rules = {"A20": Action.LOG}
    policy = Policy(rules=rules)
    rules["A21"] = Action.LOG
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        policy.must = Action.LOG  # type: ignore[misc]  # the point of it  # pyright: ignore[reportAttributeAccessIssue]
    assert list(policy.rules) == ["A20"]


def test_raise() -> None:
    """What is raised is an AssertionError that holds the violation."""
    with pytest.raises(AssertionError) as raised:
        Policy().apply(HOP)
    assert raised.value.args == (HOP,)


def test_warn() -> None:
    """A warning names the rule."""
    with pytest.warns(WSGIWarning, match=r"^untyped \(A43\)$"):
        Policy().apply(UNTYPED)


def test_warning_points_at_the_code(make_environ: MakeEnviron) -> None:
    """A warning points at the line that called the validator."""

    def app(_: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [TYPE, ("Content-Length", "x")])
        return []

    with pytest.warns(WSGIWarning, match="A41") as warnings:
        run(app, Policy(), make_environ())
    assert (warnings[0].filename, warnings[0].lineno) == (__file__, app.__code__.co_firstlineno + 1)


def test_warning_of_no_module() -> None:
    """Code that belongs to no module is warned as well."""
    with pytest.warns(WSGIWarning, match="A43"):
        exec("policy.apply(violation)", {"policy": Policy(), "violation": UNTYPED})


@pytest.mark.parametrize("violation, level", [(HOP, "ERROR"), (UNTYPED, "WARNING")], ids=["must", "should"])
def test_log(violation: Violation, level: str, caplog: pytest.LogCaptureFixture) -> None:
    """The log gets the explanation: an error or a warning."""
    with caplog.at_level(logging.WARNING, logger="gatewright.validate"):
        Policy(Action.LOG, Action.LOG).apply(violation)
    assert [(entry.name, entry.levelname, entry.getMessage()) for entry in caplog.records] == [
        ("gatewright.validate", level, violation.explanation)
    ]


def test_collect(make_environ: MakeEnviron) -> None:
    """Violations can be collected, and the call goes on as if it were not checked."""
    found: list[Violation] = []
    body = run(bad, Policy(must=Action.REPORT, should=Action.REPORT, report=found.append), make_environ())
    assert (body, [violation.rule.id for violation in found]) == (b"body", ["A20", "S50"])


def test_default(make_environ: MakeEnviron) -> None:
    """Without a policy a breach of level must is raised."""
    app: Any = checked(bad)
    with pytest.raises(AssertionError):
        app(make_environ(), start)


def test_read_without_size(make_environ: MakeEnviron) -> None:
    """checked() lets read() go without a size, which PEP 3333 allows and wsgiref refuses (S37)."""

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [TYPE])
        return [environ["wsgi.input"].read()]

    assert run(app, Policy(should=Action.RAISE), make_environ()) == b""


# --- The violation --------------------------------------------------------------------------------------------------


def collected(app: Any, environ: Any) -> list[Violation]:
    """Return what a call breaks."""
    found: list[Violation] = []
    run(app, Policy(must=Action.REPORT, should=Action.REPORT, report=found.append), environ)
    return found


def lazy(_: dict[str, Any], start_response: StartResponse) -> Iterator[bytes]:
    """Break A42."""
    start_response("204 No Content", [])
    yield b"body"


def test_place_of_start_response(make_environ: MakeEnviron) -> None:
    """A violation tells where the application called."""
    line = bad.__code__.co_firstlineno + 2
    assert collected(bad, make_environ())[0].place == f"{__file__}:{line} in bad"


def test_place_of_a_generator(make_environ: MakeEnviron) -> None:
    """A violation tells where a generator stands."""
    line = lazy.__code__.co_firstlineno + 3
    assert collected(lazy, make_environ())[0].place == f"{__file__}:{line} in lazy"


class Application:
    def __call__(self, _: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("204 No Content", [])
        return [b"body"]


@pytest.mark.parametrize("app", [Application(), Application().__call__], ids=["object", "method"])
def test_place_of_a_list(app: Any, make_environ: MakeEnviron) -> None:
    """Where a list comes from cannot be known: a violation tells where the application is defined."""
    place = collected(app, make_environ())[0].place
    assert place == f"{__file__}:{Application.__call__.__code__.co_firstlineno} in Application.__call__"


def test_side(make_environ: MakeEnviron) -> None:
    """A violation tells who broke the rule; what the server did has no place in the application."""
    violation = collected(fine, make_environ(REQUEST_METHOD=""))[0]
    assert (violation.rule.id, violation.side, violation.place) == ("S05", Party.SERVER, None)


# --- Without a raise ------------------------------------------------------------------------------------------------


def test_no_dict() -> None:
    """What is no environ at all is handed on."""

    def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [TYPE])
        return [environ]

    assert run(app, Policy(must=Action.IGNORE), b"no environ") == b"no environ"


def test_keywords(make_environ: MakeEnviron) -> None:
    """So are keywords."""
    app: Any = checked(fine, Policy(must=Action.IGNORE))
    assert app(make_environ(), start_response=start) == [b"body"]


def test_no_write(make_environ: MakeEnviron) -> None:
    """So is what the server returns instead of write()."""
    seen: list[object] = []

    def app(_: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        seen.append(start_response("200 OK", [TYPE]))
        return []

    def nothing(*_: Any) -> None:
        """Return no write()."""

    wrapped: Any = checked(app, Policy(must=Action.IGNORE))
    result = wrapped(make_environ(), nothing)
    result.close()
    assert seen == [None]


def test_misused_start_response(make_environ: MakeEnviron) -> None:
    """So are wrong arguments."""
    given: list[object] = []

    def app(_: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [TYPE], None, None, more=1)
        return []

    def lenient(*args: Any, **kw: Any) -> None:
        given.extend((*args, *kw))

    wrapped: Any = checked(app, Policy(must=Action.IGNORE))
    result = wrapped(make_environ(), lenient)
    result.close()
    assert given == ["200 OK", [TYPE], None, None, "more"]


def test_no_body(make_environ: MakeEnviron) -> None:
    """So is a result that is no body."""

    def seven(*_: Any) -> Any:
        return 7

    app: Any = checked(seven, Policy(must=Action.IGNORE))
    assert app(make_environ(), start) == 7


def test_no_bytes(make_environ: MakeEnviron) -> None:
    """So is a block that is no bytes."""

    def app(_: dict[str, Any], start_response: StartResponse) -> Any:
        start_response("200 OK", [TYPE])
        return ["text"]

    result: Any = checked(app, Policy(must=Action.IGNORE))(make_environ(), start)
    assert list(result) == ["text"]
    result.close()


# --- Threads and -O -------------------------------------------------------------------------------------------------


def test_threads(make_environ: MakeEnviron) -> None:
    """Calls in several threads know nothing of each other."""
    found: list[Violation] = []
    policy = Policy(must=Action.REPORT, should=Action.REPORT, report=found.append)

    def one(n: int) -> bytes:
        return run(bad if n % 2 else fine, policy, make_environ())

    with ThreadPoolExecutor(8) as pool:
        bodies = list(pool.map(one, range(200)))
    assert (set(bodies), len(found)) == ({b"body"}, 200)


def test_without_assert_statements() -> None:
    """The checks are made under ``python -O`` as well."""
    code = (
        "from gatewright.validate import validator\n"
        "try: validator(None)()\n"
        "except AssertionError as error: print(error.args[0].rule.id)"
    )
    done = subprocess.run([sys.executable, "-O", "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "S01\n"


def test_stdlib_contract(make_environ: MakeEnviron) -> None:
    """validator() raises what is of level must, as wsgiref's does."""
    app: Any = validator(bad)
    with pytest.raises(AssertionError):
        app(make_environ(), start)
