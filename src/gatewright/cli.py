"""The ``gatewright`` command, built with cyclopts: each command imports what it needs when it is called."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Annotated, Final, Literal

from cyclopts import App, CycloptsError, Parameter

from gatewright import __version__
from gatewright.errors import ConfigurationError

if TYPE_CHECKING:
    from gatewright.spec.rules import Rule

__all__ = ["run"]

app: Final = App(
    name="gatewright",
    version=__version__,
    help="Gateways between web servers and WSGI applications.",
    suppress_keyboard_interrupt=False,  # run() says what it ends
)


def run(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command.

    Args:
        arguments: The words after the program's name; None takes them from ``sys.argv``.

    Returns:
        The exit status: 0; 1 if an application breaks rules, or nobody reads the output; 2 after one line on
        standard error that says what was wrong with the command; 130 after Ctrl-C.
    """
    try:
        status: object = app(arguments, exit_on_error=False, print_error=False, result_action="return_value")
        sys.stdout.flush()
    except (ConfigurationError, CycloptsError) as mistake:
        print("gatewright:", " ".join(str(mistake).split()), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("gatewright: stopped", file=sys.stderr)
        return 130  # as of a shell's command that SIGINT (2) ended: 128 + 2
    except BrokenPipeError:  # whoever read our output, `head` for one, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains when it ends
        return 1
    return status if isinstance(status, int) else 0


@app.command
def serve(
    target: str,
    /,
    *,
    bind: Annotated[list[str] | None, Parameter(negative=())] = None,
    protocol: Literal["http", "fastcgi", "scgi"] = "http",
    threads: int | None = None,
    backlog: int | None = None,
    socket_mode: str | None = None,
    socket_owner: str | None = None,
    script_name: str | None = None,
    allow: str | None = None,
    check: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Serve an application until Ctrl-C or SIGTERM.

    HTTP is for development, not for the open internet. FastCGI and SCGI are for a web server, which stands in front.

    Args:
        target: The application, as MODULE:APP, or MODULE:FACTORY() to serve what the factory returns. Modules are
            looked up in the current directory first.
        bind: Where to listen, as HOST:PORT, [IPv6]:PORT or unix:PATH. Port 0 takes any that is free. By default
            127.0.0.1:8000 for HTTP; for the others, the socket that a web server, spawn-fcgi or systemd has made when
            it started this. They also take fd://N, and more than one --bind.
        protocol: What is spoken. The options from --threads to --allow are for FastCGI and SCGI.
        threads: How many calls of the application may go on at a time; 8 by default.
        backlog: How many connections the system may keep waiting; 1024 by default.
        socket_mode: The permissions of Unix sockets, such as 660.
        socket_owner: The owner of Unix sockets, as USER, USER:GROUP or :GROUP.
        script_name: Where the application is mounted, such as /shop, if the web server does not say so itself.
        allow: The IP addresses that may connect, with commas between them; any by default.
        check: Check every request and response against PEP 3333 (gatewright.validate); a breach is a server error and a
            traceback that names the rule.
    """
    from gatewright import serving
    from gatewright.loading import load

    options = serving.Options(
        bind=bind,
        threads=threads,
        backlog=backlog,
        mode=socket_mode,
        owner=socket_owner,
        script_name=script_name,
        allow=allow,
    )
    run = serving.prepare(protocol, options)
    application = load(target)
    if check:
        from gatewright.validate import validator

        application = validator(application)
    run(target, application)


@app.command
def cgi(target: str, /) -> int:
    """Answer one CGI request, that of this process: for web servers, which start this for each request.

    A script that calls gatewright.gateways.cgi.run, or python -m gatewright.gateways.cgi MODULE:APP, starts faster.

    Args:
        target: The application, as MODULE:APP, or MODULE:FACTORY() to serve what the factory returns.
    """
    from gatewright.gateways.cgi import main

    return main(target)


@app.command
def check(
    target: str,
    /,
    *,
    path: Annotated[list[str] | None, Parameter(negative=())] = None,
    method: Annotated[list[str] | None, Parameter(negative=())] = None,
    data: str | None = None,
    content_type: str = "application/x-www-form-urlencoded",
    output: Annotated[Literal["text", "json", "sarif", "github"], Parameter(name="--format")] = "text",
) -> int:
    """Call an application in this process in many ways, and tell which rules of PEP 3333 it breaks.

    The requests are real: what the application does on DELETE, it does. The exit status is 1 if a rule of level must is
    broken, else 0.

    Args:
        target: The application, as MODULE:APP, or MODULE:FACTORY() to check what the factory returns.
        path: A path to request, with its query if it has one; may be given more than once. By default /.
        method: A method to use; may be given more than once. By default the usual ones and PROPFIND.
        data: The body of requests that have one. By default a form, a large body and a chunked one.
        content_type: The type of --data.
        output: For people, as JSON, as SARIF 2.1.0, or as annotations for GitHub Actions.
    """
    from gatewright.conformance import METHODS, drive, requests_for
    from gatewright.loading import load
    from gatewright.reports import REPORTS

    requests = requests_for(path or ["/"], method or METHODS, None if data is None else os.fsencode(data), content_type)
    with redirect_stdout(sys.stderr):  # what the application prints is no part of the report
        application = load(target)
        with _progress(len(requests)) as done:
            audit = drive(application, requests, done)
    print(REPORTS[output](audit, target))
    return 0 if audit.conforms else 1


@contextmanager
def _progress(total: int) -> Generator[Callable[[], object]]:
    """Yield what to call at each step; a bar shows the steps, if they last and somebody watches."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    import threading

    from rich.console import Console
    from rich.progress import Progress

    progress = Progress(console=Console(stderr=True), transient=True)
    task = progress.add_task("Checking", total=total)
    patience = threading.Timer(1.0, progress.start)
    patience.daemon = True
    patience.start()
    try:
        yield lambda: progress.advance(task)
    finally:
        patience.cancel()
        patience.join()
        progress.stop()


@app.command
def rules(*ids: str) -> None:
    """List the rules of PEP 3333, or explain some of them.

    Args:
        ids: The ids of the rules to explain, such as A09; all rules are listed if there is none.
    """
    from gatewright.reports import list_of, page_of
    from gatewright.spec.rules import RULES

    chosen = [_rule(name) for name in ids]
    print("\n\n".join(map(page_of, chosen)) if chosen else list_of(RULES.values()))


def _rule(name: str) -> Rule:
    from gatewright.spec.rules import RULES

    if (rule := RULES.get(name.upper())) is not None:
        return rule
    near = difflib.get_close_matches(name[:1].upper() + name[1:].zfill(2), RULES, n=1)  # A9 is like A09
    guess = f"; did you mean {near[0]}?" if near else "; gatewright rules lists them"
    raise ConfigurationError(f"there is no rule {name!r}{guess}")
