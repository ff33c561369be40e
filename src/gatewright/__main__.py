"""``gatewright`` and ``python -m gatewright``: the command line, or how to get it."""

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command that ``sys.argv`` gives.

    Raises:
        SystemExit: Always; with status 0, or 2 after one line on standard error if the command could not be carried out
            or the extra ``cli`` is not installed.
    """
    try:
        from gatewright.cli import run
    except ModuleNotFoundError as absent:
        if absent.name != "cyclopts":
            raise
        print('gatewright: the command line needs cyclopts: pip install "gatewright[cli]"', file=sys.stderr)
        sys.exit(2)
    sys.exit(run())


if __name__ == "__main__":
    main()
