from __future__ import annotations

import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from gatewright import dropin

WriteModule = Callable[[str, str], Path]
RunPython = Callable[..., CompletedProcess[str]]

# What a program can see of how it was started.
WITNESS = """
    import sys
    print(__name__, __file__, sys.modules['__main__'].__file__, sys.argv, sys.path[0], sep="\\n")
    """


@pytest.fixture
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Install in this process, for the length of one test."""
    for name in list(sys.modules):
        if name.partition(".")[0] == "wsgiref":
            monkeypatch.delitem(sys.modules, name)
    for name in ("wsgiref", *(f"wsgiref.{module}" for module in dropin.MODULES)):
        monkeypatch.setitem(sys.modules, name, sys)
    dropin.install()


@pytest.mark.usefixtures("_installed")
class TestInstall:
    @pytest.mark.parametrize("module", dropin.MODULES)
    def test_module(self, module: str) -> None:
        """Each module of wsgiref is gatewright's of the same name."""
        names: dict[str, object] = {}
        exec(f"import gatewright.{module} as ours, wsgiref.{module} as found", names)
        assert names["found"] is names["ours"]

    def test_from_package(self) -> None:
        """A module taken from the package is gatewright's too."""
        from wsgiref import util

        assert util.__name__ == "gatewright.util"

    def test_name_from_module(self) -> None:
        """A name taken from a module is gatewright's."""
        from wsgiref.handlers import SimpleHandler

        assert SimpleHandler.__module__.startswith("gatewright.")

    def test_again(self) -> None:
        """Installing twice changes nothing."""
        before = dict(sys.modules)
        dropin.install()
        assert sys.modules == before


def test_earlier_import_stays(run_python: RunPython) -> None:
    """A name that was taken from wsgiref before stays the standard library's."""
    code = "from wsgiref.util import FileWrapper as f; import gatewright.dropin as d; d.install(); print(f.__module__)"
    assert run_python("-c", code).stdout == "wsgiref.util\n"


def both_ways(run_python: RunPython, *arguments: str) -> tuple[tuple[object, ...], tuple[object, ...]]:
    """Return what the program does when started by Python itself and when started by the drop-in."""
    plain, ours = run_python(*arguments), run_python("-m", "gatewright.dropin", *arguments)
    assert plain.stdout
    return (plain.stdout, plain.stderr, plain.returncode), (ours.stdout, ours.stderr, ours.returncode)


class TestProgram:
    def test_imports_gatewright(self, write_module: WriteModule, run_python: RunPython) -> None:
        """A program that imports wsgiref gets gatewright."""
        write_module("program", "from wsgiref.headers import Headers\nprint(Headers.__module__)")
        assert run_python("-m", "gatewright.dropin", "program.py").stdout == "gatewright.headers\n"

    @pytest.mark.parametrize("script", ["program.py", "folder/program.py"])
    def test_script(self, write_module: WriteModule, run_python: RunPython, script: str) -> None:
        """A script sees its name, its arguments and its folder as python gives them."""
        write_module(script.removesuffix(".py"), WITNESS)
        plain, ours = both_ways(run_python, script, "-m", "--flag", "word")
        assert ours == plain

    def test_script_by_link(self, write_module: WriteModule, run_python: RunPython, tmp_path: Path) -> None:
        """The folder of a script that is reached by a symbolic link is that of the script itself."""
        (tmp_path / "link.py").symlink_to(write_module("folder/program", WITNESS))
        plain, ours = both_ways(run_python, "link.py")
        assert ours == plain

    def test_folder(self, write_module: WriteModule, run_python: RunPython) -> None:
        """A folder runs its __main__.py and is itself where modules are looked for."""
        write_module("folder/__main__", "import sys\nprint(__name__, sys.argv[1:], sys.path[0])")
        plain, ours = both_ways(run_python, "folder", "word")
        assert ours == plain

    def test_archive(self, tmp_path: Path, write_module: WriteModule, run_python: RunPython) -> None:
        """A zip archive runs as a folder does."""
        with zipfile.ZipFile(tmp_path / "program.pyz", "w") as archive:
            archive.write(
                write_module("source", "import sys\nprint(__name__, sys.argv[1:], sys.path[0])"), "__main__.py"
            )
        plain, ours = both_ways(run_python, "program.pyz", "word")
        assert ours == plain

    @pytest.mark.parametrize("name", ["program", "package.program", "package"])
    def test_module(self, write_module: WriteModule, run_python: RunPython, name: str) -> None:
        """A module or package run with -m sees what python -m shows it."""
        write_module("program", WITNESS)
        write_module("package/__main__", WITNESS)
        write_module("package/program", WITNESS)
        plain, ours = both_ways(run_python, "-m", name, "-m", "--flag", "word")
        assert ours == plain

    def test_safe_path(self, write_module: WriteModule, run_python: RunPython) -> None:
        """Under python -P the script's folder stays out of the path."""
        write_module("program", "import sys\nprint(sys.path)")
        plain, ours = run_python("-P", "program.py"), run_python("-P", "-m", "gatewright.dropin", "program.py")
        assert ours.stdout == plain.stdout

    def test_exit_status(self, write_module: WriteModule, run_python: RunPython) -> None:
        """The program's exit status is the command's."""
        write_module("program", "import sys\nprint('done')\nsys.exit(7)")
        plain, ours = both_ways(run_python, "program.py")
        assert ours == plain

    def test_its_own_import_error(self, write_module: WriteModule, run_python: RunPython) -> None:
        """A program that fails on an import of its own fails as it always does, with its traceback."""
        write_module("program", "import no_such_library")
        done = run_python("-m", "gatewright.dropin", "-m", "program")
        assert done.stderr.endswith("ModuleNotFoundError: No module named 'no_such_library'\n")

    def test_import_error_of_its_package(self, write_module: WriteModule, run_python: RunPython) -> None:
        """So does one whose package fails on an import, before the program is reached."""
        write_module("package/__init__", "import no_such_library")
        done = run_python("-m", "gatewright.dropin", "-m", "package.program")
        assert done.stderr.endswith("ModuleNotFoundError: No module named 'no_such_library'\n")


USAGE = "usage: python -m gatewright.dropin [-m MODULE | SCRIPT] ARGS...\n"


@pytest.mark.parametrize(
    "arguments,line",
    [
        ([], USAGE),
        (["-m"], USAGE),
        (["--help"], USAGE),
        (["no_such.py"], "gatewright.dropin: no such script: 'no_such.py'\n"),
        (["-m", "no_such"], "gatewright.dropin: no module named 'no_such' that can be run\n"),
        (["-m", "no_such.module"], "gatewright.dropin: no module named 'no_such.module' that can be run\n"),
        (["-m", "this.module"], "gatewright.dropin: no module named 'this.module' that can be run\n"),
        (["-m", "package"], "gatewright.dropin: no module named 'package' that can be run\n"),
    ],
)
def test_nothing_to_run(write_module: WriteModule, run_python: RunPython, arguments: list[str], line: str) -> None:
    """Without a program, or with one that is not there, one line says so and the status is 2."""
    write_module("this", "")
    write_module("package/__init__", "")
    done = run_python("-m", "gatewright.dropin", *arguments)
    assert (done.returncode, done.stderr) == (2, line)
