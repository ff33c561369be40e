"""What importing costs: a fresh process each time, less what an empty one takes."""

from __future__ import annotations

import subprocess
import sys
from time import perf_counter

MODULES = ("types", "util", "headers", "handlers", "validate", "simple_server")


def _milliseconds(code: str) -> float:
    start = perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return (perf_counter() - start) * 1000


def measure_imports(rounds: int = 12) -> dict[str, tuple[float, float]]:
    """Return, by module, the least time to import gatewright's and the standard library's, in milliseconds."""
    codes = {name: (f"import gatewright.{name}", f"import wsgiref.{name}") for name in MODULES}
    least: dict[str, float] = {}
    for _ in range(rounds):
        for code in ("pass", *(code for pair in codes.values() for code in pair)):
            least[code] = min(least.get(code, float("inf")), _milliseconds(code))
    return {
        name: (least[ours] - least["pass"], least[theirs] - least["pass"]) for name, (ours, theirs) in codes.items()
    }
