from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import IO

import pytest
from hypothesis import given, strategies as st

from gatewright.gateways import cgi

WriteModule = Callable[[str, str], Path]

REQUEST = {
    "GATEWAY_INTERFACE": "CGI/1.1",
    "REQUEST_METHOD": "GET",
    "SCRIPT_NAME": "/cgi-bin/app",
    "PATH_INFO": "/there",
    "QUERY_STRING": "a=1",
    "SERVER_NAME": "example.org",
    "SERVER_PORT": "80",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "SERVER_SOFTWARE": "Test/1",
}

# What Python needs to run at all, and where it finds gatewright.
OF_PYTHON = {
    name: os.environ[name]
    for name in ("PATH", "PYTHONPATH", "SYSTEMROOT", "COVERAGE_PROCESS_START")
    if name in os.environ
}

HELLO = """
    def application(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"hello"]
    """

WORKING = """
    import os, sys
    from gatewright.gateways.cgi import run
    {definitions}
    def application(environ, start_response):
        {body}
    run(application)
    """


def script(body: str, definitions: str = "") -> str:
    """Return a CGI script whose application has this body."""
    indented = "\n        ".join(dedent(body).strip().splitlines())
    defined = "\n    ".join(dedent(definitions).strip().splitlines())
    return dedent(WORKING.format(body=indented, definitions=defined))


def start(*command: str, **variables: str) -> subprocess.Popen[bytes]:
    """Start Python as a web server starts a script."""
    return subprocess.Popen(
        [sys.executable, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**OF_PYTHON, **REQUEST, **variables},
    )


def answer(*command: str, sent: bytes = b"", **variables: str) -> tuple[str, str]:
    """Return the response and the log of a request."""
    with start(*command, **variables) as process:
        response, log = process.communicate(sent, timeout=60)
    return response.decode("latin-1"), log.decode()


def told(expression: str, sent: bytes = b"", **variables: str) -> str:
    """Return the value of an expression in the application."""
    body = f"""
        start_response("200 OK", [])
        return [str({expression}).encode("latin-1", "backslashreplace")]
        """
    return answer("-c", script(body), sent=sent, **variables)[0].partition("\r\n\r\n")[2]


def stream_of(pipe: IO[bytes] | None) -> IO[bytes]:
    """Return a pipe of a process that has it."""
    assert pipe is not None
    return pipe


class TestVariables:
    @given(st.dictionaries(st.text(), st.text()), st.sets(st.text()))
    def test_nothing_else(self, environ: dict[str, str], further: set[str]) -> None:
        """Whatever is in the process environment, the request has only what CGI, web servers and the caller name."""
        known = cgi.META_VARIABLES | cgi.SERVER_VARIABLES | further
        expected = {name for name in environ if name in known or name.startswith(("HTTP_", "REDIRECT_", "SSL_"))}
        assert set(cgi.request_variables(environ, further)) == expected

    @pytest.mark.parametrize(
        "name", ["PATH", "HOME", "LD_PRELOAD", "AWS_SECRET_ACCESS_KEY", "wsgi.input", "PYTHONPATH"]
    )
    def test_of_the_process(self, name: str) -> None:
        """What is the process's own does not pass."""
        assert cgi.request_variables({name: "x"}) == {}

    @pytest.mark.parametrize(
        "name", ["PATH_INFO", "HTTP_HOST", "HTTPS", "SSL_PROTOCOL", "REDIRECT_STATUS", "REQUEST_URI"]
    )
    def test_of_the_request(self, name: str) -> None:
        """What is the request's passes."""
        assert cgi.request_variables({name: "x"}) == {name: "x"}

    def test_further(self) -> None:
        """What the operator names passes."""
        assert cgi.request_variables({"STAGE": "live", "HOME": "/"}, ["STAGE"]) == {"STAGE": "live"}

    @pytest.mark.parametrize(
        "variables,length",
        [
            ({}, 0),
            ({"CONTENT_LENGTH": ""}, 0),
            ({"CONTENT_LENGTH": "12"}, 12),
            ({"HTTP_TRANSFER_ENCODING": "chunked"}, None),
            ({"SERVER_PROTOCOL": "HTTP/2.0"}, None),
            ({"SERVER_PROTOCOL": "HTTP/2.0", "CONTENT_LENGTH": "3"}, 3),
            ({"SERVER_PROTOCOL": "HTTP/1.1"}, 0),
        ],
    )
    def test_body_length(self, variables: dict[str, str], length: int | None) -> None:
        """The body is as long as CONTENT_LENGTH says; without it there is none, unless it can be of unknown length."""
        assert cgi.body_length(variables) == length


class TestEnviron:
    @pytest.mark.parametrize("name", ["PATH", "HTTP_PROXY", "HTTP_CONTENT_LENGTH", "SECRET"])
    def test_left_out(self, name: str) -> None:
        """Neither the process's variables nor what misleads programs is in environ."""
        assert told(f"'{name}' in environ", b"", **{"SECRET": "x", name: os.environ["PATH"]}) == "False"

    def test_os_environ(self) -> None:
        """What is left out is still in the process environment, where settings are looked for."""
        assert told("os.environ['STAGE']", STAGE="live") == "live"

    def test_bytes(self) -> None:
        """Each byte of each variable is one character, of those too that wsgiref leaves as they are."""
        assert told("ascii(environ['REQUEST_URI'])", REQUEST_URI="/\u20ac\udcff") == r"'/\xe2\x82\xac\xff'"

    def test_is_sound(self) -> None:
        """The validator finds nothing."""
        definitions = "from gatewright.spec.checks import check_environ"
        body = """
            start_response("200 OK", [])
            return [repr(list(check_environ(environ))).encode()]
            """
        assert answer("-c", script(body, definitions))[0].endswith("\r\n\r\n[]")

    def test_flags(self) -> None:
        """There is one call in a process, and there are several processes."""
        flags = "[environ['wsgi.' + flag] for flag in ('run_once', 'multithread', 'multiprocess', 'input_terminated')]"
        assert told(flags) == "[True, False, True, True]"

    @pytest.mark.parametrize("length", ["x", "-1", "1 2"])
    def test_bad_length(self, length: str) -> None:
        """A length that is no number is refused with 400 and one line in the log."""
        response, log = answer("-c", script("raise SystemExit"), CONTENT_LENGTH=length)
        assert (response[:23], log.count("\n")) == ("Status: 400 Bad Request", 1)


class TestInput:
    def test_length(self) -> None:
        """The input ends where CONTENT_LENGTH says, whatever follows."""
        assert told("environ['wsgi.input'].read()", b"body and more", CONTENT_LENGTH="4") == "b'body'"

    def test_no_length(self) -> None:
        """Without a length there is no body, whatever is there to be read."""
        assert told("environ['wsgi.input'].read()", b"something") == "b''"

    def test_unknown_length(self) -> None:
        """A body of unknown length ends where standard input ends."""
        assert told("environ['wsgi.input'].read()", b"body", HTTP_TRANSFER_ENCODING="chunked") == "b'body'"

    def test_lines(self) -> None:
        """Lines can be read one at a time."""
        assert told("list(environ['wsgi.input'])", b"a\nb\nc", CONTENT_LENGTH="3") == r"[b'a\n', b'b']"

    def test_cut_short(self) -> None:
        """A body that is cut short is an error at the read, not an end."""
        response, log = answer("-c", script("return [environ['wsgi.input'].read()]"), sent=b"bo", CONTENT_LENGTH="4")
        assert (response, log) == ("", "")

    def test_standard_input(self) -> None:
        """A program that the application starts reads nothing of the body."""
        expression = "__import__('subprocess').run(['cat'], stdout=-1).stdout"
        assert told(expression, b"body", CONTENT_LENGTH="4") == "b''"


class TestOutput:
    def test_head(self) -> None:
        """The head is a Status field and the application's fields."""
        response, _ = answer("-c", script("start_response('418 Teapot', [('X-A', '1')]); return [b'x']"))
        assert response == "Status: 418 Teapot\r\nX-A: 1\r\nContent-Length: 1\r\n\r\nx"

    @pytest.mark.parametrize("how", ["print('lost')", "os.write(1, b'lost')", "os.system('echo lost')"])
    def test_what_is_printed(self, how: str) -> None:
        """What the application prints, in whatever way, goes to the log and not into the response."""
        response, log = answer("-c", script(f"{how}; start_response('200 OK', []); return [b'x']"))
        assert (response.endswith("\r\n\r\nx"), "lost" in response, "lost" in log) == (True, False, True)

    def test_what_was_printed(self) -> None:
        """Nor does what was printed before the application was called."""
        response, log = answer("-c", script("start_response('200 OK', []); return [b'x']", "print('lost')"))
        assert ("lost" in response, "lost" in log) == (False, True)

    def test_streams(self) -> None:
        """Each block can be read before the next one is made; the head comes with the first, in one piece."""
        body = """
            start_response('200 OK', [])
            yield b'first'
            environ['wsgi.input'].read()
            yield b'second'
            """
        with start("-c", script(body), HTTP_TRANSFER_ENCODING="chunked") as process:
            first = os.read(stream_of(process.stdout).fileno(), 1000)
            rest, _ = process.communicate(timeout=60)
        assert (first, rest) == (b"Status: 200 OK\r\n\r\nfirst", b"second")

    def test_file(self, tmp_path: Path) -> None:
        """A file is sent whole, with its length."""
        file = tmp_path / "file"
        file.write_bytes(b"0123456789" * 100_000)
        body = f"start_response('200 OK', []); return environ['wsgi.file_wrapper'](open({str(file)!r}, 'rb'))"
        response, _ = answer("-c", script(body))
        assert response == "Status: 200 OK\r\nContent-Length: 1000000\r\n\r\n" + "0123456789" * 100_000

    def test_log(self) -> None:
        """What is written to wsgi.errors is in the web server's log."""
        body = "environ['wsgi.errors'].write('noted'); start_response('200 OK', []); return []"
        assert answer("-c", script(body))[1] == "noted"

    def test_error(self) -> None:
        """The visitor of an application that fails sees the error page, the log the traceback."""
        response, log = answer("-c", script("raise LookupError('meant')"))
        assert (response[:33], "LookupError: meant" in log) == ("Status: 500 Internal Server Error", True)

    def test_status_field(self) -> None:
        """A Status field of the application's own is refused: the web server would see two (rule A23)."""
        response, log = answer("-c", script("start_response('200 OK', [('status', '404 x')]); return [b'x']"))
        assert (response[:33], "A23" in log) == ("Status: 500 Internal Server Error", True)


CLOSING = """
    class Endless:
        def __iter__(self):
            return self
        def __next__(self):
            {step}
        def close(self):
            os.write(2, b'closed')
    """

INTERRUPTED = """
    from gatewright.gateways.cgi import CGIGateway
    def interrupted(self, close_result=CGIGateway._close_result):
        os.kill(os.getpid(), 15)
        close_result(self)
    CGIGateway._close_result = interrupted
    """


class TestEnd:
    def test_client_is_gone(self) -> None:
        """When nobody reads the response the body is closed, and nothing is logged."""
        definitions = CLOSING.format(step="return b'x' * 10_000")
        with start("-c", script("start_response('200 OK', []); return Endless()", definitions)) as process:
            os.read(stream_of(process.stdout).fileno(), 10)
            stream_of(process.stdout).close()
            assert stream_of(process.stderr).read() == b"closed"

    def test_client_is_gone_and_terminated(self) -> None:
        """A web server that stops reading and ends the process, too, does not keep the body from being closed."""
        closing = "os.kill(os.getpid(), 15); os.write(2, b'closed')"
        definitions = CLOSING.format(step="return b'x' * 10_000").replace("os.write(2, b'closed')", closing)
        with start("-c", script("start_response('200 OK', []); return Endless()", definitions)) as process:
            os.read(stream_of(process.stdout).fileno(), 10)
            stream_of(process.stdout).close()
            assert stream_of(process.stderr).read() == b"closed"

    def test_upload_is_cut_short_and_terminated(self) -> None:
        """Nor does one that ends the request's body and the process: the SIGTERM may come while the body is closed."""
        closing = "os.kill(os.getpid(), 15); os.write(2, b'closed')"
        definitions = CLOSING.format(step="return self.input.read(4)").replace("os.write(2, b'closed')", closing)
        body = "Endless.input = environ['wsgi.input']; start_response('200 OK', []); return Endless()"
        assert answer("-c", script(body, definitions), sent=b"bo", CONTENT_LENGTH="4") == ("", "closed")

    def test_terminated_on_the_way_to_close(self) -> None:
        """A SIGTERM between the failure of the body and its close() does not keep it from being closed."""
        definitions = CLOSING.format(step="raise LookupError('meant')") + INTERRUPTED
        assert answer("-c", script("start_response('200 OK', []); return Endless()", definitions)) == ("", "closed")

    def test_terminated(self) -> None:
        """When the web server ends the process the body is closed, and nothing is logged."""
        definitions = CLOSING.format(step="os.write(2, b'begun '); __import__('time').sleep(60)")
        with start("-c", script("start_response('200 OK', []); return Endless()", definitions)) as process:
            assert os.read(stream_of(process.stderr).fileno(), 6) == b"begun "
            process.terminate()
            assert (process.communicate(timeout=60)[1], process.returncode) == (b"closed", 0)


class TestMain:
    def test_module(self, write_module: WriteModule) -> None:
        """`python -m gatewright.gateways.cgi MODULE:APP` is a script without a script."""
        write_module("site_cgi", HELLO)
        assert answer("-m", "gatewright.gateways.cgi", "site_cgi:application")[0].endswith("\r\n\r\nhello")

    def test_module_that_prints(self, write_module: WriteModule) -> None:
        """What the module prints while it is imported is no part of the response."""
        write_module("site_cgi", f"    print('lost'){HELLO}")
        assert "lost" not in answer("-m", "gatewright.gateways.cgi", "site_cgi:application")[0]

    def test_command(self, write_module: WriteModule) -> None:
        """`gatewright cgi MODULE:APP` does the same."""
        write_module("site_cgi", HELLO)
        assert answer("-m", "gatewright", "cgi", "site_cgi:application")[0].endswith("\r\n\r\nhello")

    def test_absent(self, write_module: WriteModule) -> None:
        """Where there is no such application the visitor sees the error page, and the log says why in one line."""
        write_module("site_cgi", HELLO)
        response, log = answer("-m", "gatewright.gateways.cgi", "site_cgi:applicatio")
        expected = "gatewright: 'site_cgi' has no attribute 'applicatio'; did you mean 'application'?\n"
        assert (response[:33], log) == ("Status: 500 Internal Server Error", expected)

    def test_usage(self) -> None:
        """Without a target there is one line on how to give it."""
        assert answer("-m", "gatewright.gateways.cgi")[1] == "usage: python -m gatewright.gateways.cgi MODULE:APP\n"
