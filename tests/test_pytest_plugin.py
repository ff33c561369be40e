"""The pytest plugin, in runs of pytest of their own: what a test that uses its fixtures is told."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points
from textwrap import dedent
from typing import Protocol

import pytest

from gatewright.spec.rules import RULES

pytest_plugins = ["pytester"]

APPLICATIONS = """
    import http.client
    import io
    import urllib.request

    from gatewright.util import setup_testing_defaults

    def sound(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"Hello"]

    def named(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain"), ("Status", "200 OK")])
        return [b"Hello"]

    def close(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain"), ("Connection", "close")])
        return [b"Hello"]

    def swallowing(environ, start_response):
        try:
            environ["wsgi.input"].close()
        except AssertionError:
            pass
        return sound(environ, start_response)

    def untyped(environ, start_response):
        start_response("200 OK", [])
        return [b"Hello"]

    class Late:
        def __init__(self, environ):
            self.environ = environ
        def __iter__(self):
            yield b"Hello"
        def close(self):
            self.environ["wsgi.input"].close()

    def late(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
        return Late(environ)

    def call(application):
        environ = {}
        setup_testing_defaults(environ)
        body = application(environ, lambda status, headers, exc_info=None: lambda data: None)
        result = b"".join(body)
        if hasattr(body, "close"):
            body.close()
        return result

    def get(url):
        with urllib.request.urlopen(url, timeout=20) as response:
            return response.read()
"""


class Run(Protocol):
    """Runs pytest on a test module, in a process of its own."""

    def __call__(self, tests: str, *arguments: str) -> pytest.RunResult: ...


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run pytest, with no other plugin, on a module of tests that can import ``applications``."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    for name in ("CI", "BUILD_NUMBER"):  # with these, pytest's summary repeats whole messages
        monkeypatch.delenv(name, raising=False)
    pytester.makepyfile(applications=dedent(APPLICATIONS))

    def pytest_on(tests: str, *arguments: str) -> pytest.RunResult:
        pytester.makepyfile("from applications import *\n" + dedent(tests))
        return pytester.runpytest_subprocess("-p", "gatewright", *arguments, timeout=60)

    return pytest_on


def counts(result: pytest.RunResult) -> dict[str, int]:
    """Return how many tests passed, failed, and so on."""
    return result.parseoutcomes()


def said(result: pytest.RunResult) -> str:
    """Return what the run printed."""
    return str(result.stdout)


class TestValidated:
    def test_sound(self, run: Run) -> None:
        """A test of an application that breaks no rule passes."""
        result = run("def test(wsgi_validated): assert call(wsgi_validated(sound)) == b'Hello'")
        assert counts(result) == {"passed": 1}

    def test_breach(self, run: Run) -> None:
        """A test that would pass fails at its end, when the application broke a rule."""
        result = run("def test(wsgi_validated): assert call(wsgi_validated(close)) == b'Hello'")
        assert counts(result) == {"failed": 1}

    def test_all_breaches(self, run: Run) -> None:
        """All breaches are told, of several applications too."""
        tests = """
            def test(wsgi_validated):
                call(wsgi_validated(close))
                call(wsgi_validated(swallowing))
        """
        assert [rule in said(run(tests)) for rule in ("2 breaches", "(A20)", "(A32)")] == [True] * 3

    def test_report(self, run: Run) -> None:
        """A breach is told with its message, its rule and how to mend it."""
        lines = said(run("def test(wsgi_validated): call(wsgi_validated(close))")).splitlines()
        first = lines.index("Hop-by-hop header, 'Connection: close', not allowed (A20)")
        told = (lines[first + 1], lines[first + 3])
        assert told == (f"  rule:  {RULES['A20']}", f"  fix:   {RULES['A20'].fix}")

    def test_place(self, run: Run) -> None:
        """A breach is told with the line of the application where it happened."""
        result = run("def test(wsgi_validated): call(wsgi_validated(swallowing))")
        result.stdout.re_match_lines([r"  place: .*applications\.py:\d+ in swallowing"])

    def test_swallowed(self, run: Run) -> None:
        """An application that swallows errors does not hide its breach."""
        assert counts(run("def test(wsgi_validated): call(wsgi_validated(swallowing))")) == {"failed": 1}

    def test_repeated(self, run: Run) -> None:
        """What happens at each of many calls is told once, with how often."""
        tests = """
            def test(wsgi_validated):
                application = wsgi_validated(close)
                for _ in range(7):
                    call(application)
        """
        text = said(run(tests))
        assert (text.count("(A20)"), "times: 7" in text) == (1, True)

    def test_failed_anyway(self, run: Run) -> None:
        """A test that fails by itself keeps its own failure, and its report has the breaches."""
        tests = """
            def test(wsgi_validated):
                assert call(wsgi_validated(close)) == b"Bye"
        """
        result = run(tests)
        told = [words in said(result) for words in ("assert b'Hello' == b'Bye'", "Captured wsgi call", "(A20)")]
        assert (counts(result), told) == ({"failed": 1}, [True] * 3)

    def test_expected_failure(self, run: Run) -> None:
        """A test that is marked to fail may fail by a breach."""
        tests = """
            import pytest

            @pytest.mark.xfail(strict=True)
            def test(wsgi_validated):
                call(wsgi_validated(close))
        """
        assert counts(run(tests)) == {"xfailed": 1}

    def test_after_the_test(self, run: Run) -> None:
        """What breaks a rule in a fixture's teardown is an error of the teardown."""
        tests = """
            import pytest

            @pytest.fixture
            def application(wsgi_validated):
                application = wsgi_validated(close)
                yield application
                call(application)

            def test(application): pass
        """
        result = run(tests)
        assert (counts(result), "(A20)" in said(result)) == ({"passed": 1, "errors": 1}, True)

    def test_next_test(self, run: Run) -> None:
        """The breaches of one test are not the next one's."""
        tests = """
            def test_one(wsgi_validated): call(wsgi_validated(close))
            def test_two(wsgi_validated): call(wsgi_validated(sound))
        """
        assert counts(run(tests)) == {"failed": 1, "passed": 1}

    def test_warning(self, run: Run) -> None:
        """A breach of level should is a warning that pytest lists, at the test."""
        result = run("def test(wsgi_validated): call(wsgi_validated(untyped))")
        result.stdout.re_match_lines([r".*test_warning\.py:\d+: WSGIWarning: No Content-Type header found.* \(A43\)"])
        assert counts(result) == {"passed": 1, "warnings": 1}

    def test_warning_as_error(self, run: Run) -> None:
        """With warnings as errors, a breach of level should fails the test; the application sees nothing of it."""
        tests = "def test(wsgi_validated): assert call(wsgi_validated(untyped)) == b'Hello'"
        assert counts(run(tests, "-W", "error")) == {"failed": 1}

    def test_warning_beside_a_breach(self, run: Run) -> None:
        """With warnings as errors, a warning does not hide a breach of level must."""
        tests = """
            def test(wsgi_validated):
                call(wsgi_validated(untyped))
                call(wsgi_validated(close))
        """
        text = said(run(tests, "-W", "error"))
        assert ("(A43)" in text, "(A20)" in text) == (True, True)

    def test_unclosed(self, run: Run) -> None:
        """A test client that does not close the body is nobody's breach."""
        tests = """
            def test(wsgi_validated):
                environ = {}
                setup_testing_defaults(environ)
                wsgi_validated(sound)(environ, lambda status, headers, exc_info=None: lambda data: None)
        """
        assert counts(run(tests, "-W", "error")) == {"passed": 1}

    def test_clients(self, run: Run) -> None:
        """The test clients that others publish keep the rules that are theirs."""
        tests = """
            import falcon.testing, webob, werkzeug.test

            def test(wsgi_validated):
                application = wsgi_validated(sound)
                assert werkzeug.test.Client(application).get("/").text == "Hello"
                assert werkzeug.test.Client(application).post("/", data={"word": "a"}).text == "Hello"
                assert falcon.testing.simulate_get(application, "/").text == "Hello"
                assert webob.Request.blank("/", POST={"word": "a"}).get_response(application).text == "Hello"
        """
        assert counts(run(tests, "-W", "error", "-W", "ignore::DeprecationWarning")) == {"passed": 1}


class TestServer:
    def test_sound(self, run: Run) -> None:
        """An application is served at the URL."""
        result = run("def test(wsgi_server): assert get(wsgi_server(sound).url) == b'Hello'", "-W", "error")
        assert counts(result) == {"passed": 1}

    def test_address(self, run: Run) -> None:
        """Host and port are those of the URL, and several applications are served at a time."""
        tests = """
            def test(wsgi_server):
                one, two = wsgi_server(sound), wsgi_server(sound)
                assert one.url == f"http://{one.host}:{one.port}"
                assert get(two.url + "/path") == get(one.url) == b"Hello"
        """
        assert counts(run(tests, "-W", "error")) == {"passed": 1}

    def test_breach(self, run: Run) -> None:
        """A breach in a thread of the server fails the test."""
        result = run("def test(wsgi_server): get(wsgi_server(close).url)")
        assert (counts(result), "(A20)" in said(result)) == ({"failed": 1}, True)

    def test_breach_after_the_response(self, run: Run) -> None:
        """A breach in close(), which comes after the client has its answer, fails the test."""
        result = run("def test(wsgi_server): assert get(wsgi_server(late).url) == b'Hello'")
        assert (counts(result), "(A32)" in said(result)) == ({"failed": 1}, True)

    def test_threads(self, run: Run) -> None:
        """Requests are served at the same time."""
        tests = """
            import threading

            def test(wsgi_server):
                both = threading.Barrier(2, timeout=20)

                def application(environ, start_response):
                    both.wait()
                    return sound(environ, start_response)

                server = wsgi_server(application)
                client = threading.Thread(target=get, args=[server.url])
                client.start()
                assert get(server.url) == b"Hello"
                client.join()
        """
        assert counts(run(tests, "-W", "error")) == {"passed": 1}

    def test_endless(self, run: Run) -> None:
        """A response without an end does not keep the test from its end."""
        tests = """
            import threading

            def test(wsgi_server):
                ended = threading.Event()

                def application(environ, start_response):
                    start_response("200 OK", [("Content-Type", "text/plain")])
                    yield b"Hello"
                    ended.wait(20)

                server = wsgi_server(application)
                client = http.client.HTTPConnection(server.host, server.port, timeout=20)
                client.request("GET", "/")
                assert client.getresponse().read(5) == b"Hello"
        """
        assert counts(run(tests)) == {"passed": 1}

    def test_stopped(self, run: Run) -> None:
        """After the test nothing listens any more."""
        tests = """
            import pytest

            addresses = []

            def test_one(wsgi_server): addresses.append(wsgi_server(sound))

            def test_two():
                with pytest.raises(OSError): get(addresses[0].url)
        """
        assert counts(run(tests, "-W", "error")) == {"passed": 2}


class TestAllowedRules:
    def test_allowed(self, run: Run, pytester: pytest.Pytester) -> None:
        """A rule that the ini file allows may be broken, by wrapped and by served applications."""
        pytester.makepyprojecttoml('[tool.pytest]\nwsgi_allow_rules = ["A20", "A23"]')
        tests = """
            def test_wrapped(wsgi_validated): call(wsgi_validated(close))
            def test_served(wsgi_server): get(wsgi_server(named).url)
        """
        assert counts(run(tests)) == {"passed": 2}

    def test_others(self, run: Run, pytester: pytest.Pytester) -> None:
        """The other rules still hold."""
        pytester.makeini("[pytest]\nwsgi_allow_rules = A20\n")
        tests = """
            def test(wsgi_validated):
                call(wsgi_validated(close))
                call(wsgi_validated(swallowing))
        """
        text = said(run(tests))
        assert ("(A20)" in text, "(A32)" in text) == (False, True)

    def test_unknown(self, run: Run, pytester: pytest.Pytester) -> None:
        """A rule that does not exist ends pytest with one line, before any test."""
        pytester.makeini("[pytest]\nwsgi_allow_rules =\n  A20\n  A99\n  a20\n")
        result = run("def test(): pass")
        assert result.ret is pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines(["ERROR: wsgi_allow_rules: no such rule: 'A99', 'a20'; *"])


class TestUnused:
    def imported(self, pytester: pytest.Pytester, *arguments: str) -> set[str]:
        """Return what a run of pytest imports that collects one test."""
        code = f"""
            import sys
            import pytest

            pytest.main(["--collect-only", "-q", *{arguments!r}])
            print("imported", *sorted(sys.modules))
        """
        pytester.makepyfile(test_nothing="def test(): pass")
        result = pytester.runpython_c(dedent(code))
        (line,) = (line for line in result.outlines if line.startswith("imported "))
        return set(line.split()[1:])

    def test_imports(self, pytester: pytest.Pytester) -> None:
        """Without a use of it, pytest imports the plugin and nothing else for it."""
        added = self.imported(pytester) - self.imported(pytester, "-p", "no:gatewright")
        assert added == {"gatewright", "gatewright.pytest_plugin"}

    def test_imports_with_allowed_rules(self, pytester: pytest.Pytester) -> None:
        """The rules are imported where their ids are to be checked, and no fixture's needs."""
        pytester.makeini("[pytest]\nwsgi_allow_rules = A20\n")
        assert not {"gatewright.simple_server", "gatewright.validate"} & self.imported(pytester)


def test_entry_point() -> None:
    """The installed package tells pytest of its plugin."""
    (point,) = entry_points(group="pytest11", name="gatewright")
    assert point.value == "gatewright.pytest_plugin"


def test_dropin(pytester: pytest.Pytester) -> None:
    """``python -m gatewright.dropin -m pytest``, which imports gatewright before pytest, runs without a warning."""
    pytester.makepyfile("def test(): pass")
    command = ("-W", "error", "-m", "gatewright.dropin", "-m", "pytest", "-W", "error")
    assert pytester.run(sys.executable, *command, timeout=60).ret == 0


def test_fixtures_have_help(run: Run) -> None:
    """``pytest --fixtures`` lists both fixtures, and says what they are for."""
    text = said(run("def test(): pass", "--fixtures"))
    assert ("wsgi_validated -- " in text, "wsgi_server -- " in text) == (True, True)
