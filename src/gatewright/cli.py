"""The ``gatewright`` command, built with cyclopts: each command imports what it needs when it is called."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Annotated, Final, Literal

from attrs import fields_dict
from cyclopts import (
    App,
    ArgumentCollection,
    CycloptsError,
    Parameter,
    Token,
    UnknownOptionError,
    UnusedCliTokensError,
)

from gatewright import __version__
from gatewright.errors import ConfigurationError
from gatewright.server.configuration import PREFIX, from_environment, from_file, from_words, to_toml
from gatewright.server.settings import Settings

if TYPE_CHECKING:
    from gatewright.spec.rules import Rule

__all__ = ["run"]

app: Final = App(
    name="gatewright",
    version=__version__,
    help="Gateways between web servers and WSGI applications.",
    suppress_keyboard_interrupt=False,  # run() says what it ends
)


_DEFAULTS: Final = Settings()


def _shown(default: object) -> str:
    return str(default) if default or default == 0 else "none"


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
        print("gatewright:", " ".join(_told(mistake).split()), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("gatewright: stopped", file=sys.stderr)
        return 130  # as of a shell's command that SIGINT (2) ended: 128 + 2
    except BrokenPipeError:  # whoever read our output, `head` for one, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains when it ends
        return 1
    return status if isinstance(status, int) else 0


_OF_OTHERS: Final = {
    **dict.fromkeys(("--host", "--port", "--listen", "-b", "-p"), "--bind HOST:PORT"),
    "-w": "--workers",
    "-t": "--threads",
    "-c": "--config",
}
"""Options by which others serve, and what they are here."""


def _told(mistake: ConfigurationError | CycloptsError) -> str:
    """Say what was wrong, in our words where those of cyclopts do not say what to do."""
    if isinstance(mistake, UnusedCliTokensError) and mistake.unused_tokens:
        return f"there is nothing that {mistake.unused_tokens[0]!r} could be for"
    if not isinstance(mistake, UnknownOptionError):
        return str(mistake)
    option = (mistake.token.keyword or mistake.token.value).partition("=")[0]
    command = mistake.command_chain or ()
    names = [name for argument in mistake.argument_collection for name in argument.names]
    near = next(iter(difflib.get_close_matches(option, names, n=1, cutoff=0.75)), "")
    if meant := (_OF_OTHERS.get(option) if "serve" in command else "") or near:
        return f"there is no option {option}; is {meant} meant?"
    return f"there is no option {option}; {' '.join(['gatewright', *command])} --help lists them"


@app.command
def serve(
    target: str | None = None,
    /,
    *,
    settings: Annotated[Settings, Parameter(name="*", negative=(), show_default=_shown)] = _DEFAULTS,
    config: str | None = None,  # noqa: ARG001  # read by _fill_in
    protocol: Literal["http", "fastcgi", "scgi"] = "http",
    script_name: str | None = None,
    allow: str | None = None,
    check: Annotated[bool, Parameter(negative=())] = False,
    print_settings: Annotated[bool, Parameter(negative=())] = False,
    dry_run: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Serve an application until Ctrl-C or SIGTERM.

    HTTP is for clients, or for a proxy in front. FastCGI and SCGI are for a web server, which stands in front.

    Each setting may also be given as an environment variable, as in GATEWRIGHT_THREADS=4 for --threads 4, or in a TOML
    file, as in threads = 4. What the command line says counts first, then the environment, then the file.

    Args:
        target: The application, as MODULE:APP, or MODULE:FACTORY() to serve what the factory returns. Modules are
            looked up in the current directory first.
        settings: Each says itself what it is.
        config: A TOML file with settings. By default the table tool.gatewright of pyproject.toml in the current
            directory, if there is one.
        protocol: What is spoken. FastCGI and SCGI take --bind, --threads, --backlog, --connections,
            --graceful-timeout, --socket-mode and --socket-owner of the settings, and have --script-name and --allow.
        script_name: Where the application is mounted, such as /shop, if the web server does not say so itself.
        allow: The IP addresses that may connect, with commas between them; any by default.
        check: Check every request and response against PEP 3333 (gatewright.validate); a breach is a server error and a
            traceback that names the rule.
        print_settings: Print the settings that would be used, as a file for --config, and end.
        dry_run: Import the application, say whether it could be served, and end.
    """
    from gatewright import serving
    from gatewright.loading import load

    program = serving.prepare(protocol, settings, serving.GatewayOptions(script_name=script_name, allow=allow))
    if print_settings:
        print(to_toml(settings), end="")
        return 0
    if target is None:
        raise ConfigurationError("there is no application to serve; name one as MODULE:APP")
    if dry_run:
        load(target)
        print(f"{target} can be served")
        return 0
    with serving.logged_to_console(settings):
        return program(target, check)


def _fill_in(_app: App, commands: tuple[str, ...], arguments: ArgumentCollection) -> None:
    """Take what the command line does not say of the settings from the environment, then from a file."""
    if commands != ("serve",):
        return
    options = {argument.name.removeprefix("--").replace("-", "_"): argument for argument in arguments}
    for name in fields_dict(Settings):
        if options[name].tokens:
            from_words(name, [token.value for token in options[name].tokens], options[name].name)
    path = [token.value for token in options["config"].tokens] or [os.environ.get(f"{PREFIX}CONFIG", "")]
    in_file = from_file(path[-1]) if path[-1] else from_file("pyproject.toml", must_exist=False)
    for name, given in (in_file | from_environment(os.environ)).items():
        if not options[name].tokens:
            for index, word in enumerate(given.words):
                options[name].append(Token(keyword=given.place, value=word, source=given.place, index=index))


app.config = (_fill_in,)


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


@app.command
def stubs() -> None:
    """Print the folder that holds stubs of wsgiref: for type checkers, where code still imports wsgiref.

    It is a folder for mypy_path of mypy, stubPath of pyright and search-path of pyrefly.
    """
    print(_stubs_folder())


def _stubs_folder() -> str:
    """Return the folder of the checkout that this file is in, or else the one that was installed."""
    from importlib.metadata import distributions

    checkout = os.path.join(os.path.dirname(__file__), "..", "..", "stubs")
    if os.path.isdir(os.path.join(checkout, "wsgiref")):
        return os.path.realpath(checkout)
    for distribution in distributions(name="gatewright"):
        for file in distribution.files or ():
            if file.match("stubs/wsgiref/__init__.pyi"):
                return os.path.realpath(os.path.join(file.locate(), "..", ".."))
    raise ConfigurationError("this installation of gatewright came without its stubs of wsgiref")


def _rule(name: str) -> Rule:
    from gatewright.spec.rules import RULES

    if (rule := RULES.get(name.upper())) is not None:
        return rule
    near = difflib.get_close_matches(name[:1].upper() + name[1:].zfill(2), RULES, n=1)  # A9 is like A09
    guess = f"; did you mean {near[0]}?" if near else "; gatewright rules lists them"
    raise ConfigurationError(f"there is no rule {name!r}{guess}")
