"""The cases: for each rule that middleware can see the breach of, ways to break it, each with a conforming twin."""

from __future__ import annotations

from linter_cases import application, environ, middleware, server
from linter_cases.programs import Application, Case, Lint, Program

__all__ = ["CASES", "Application", "Case", "Lint", "Program"]

CASES: tuple[Case, ...] = tuple(
    sorted(
        (*environ.CASES, *server.CASES, *application.CASES, *middleware.CASES),
        key=lambda case: ("SAM".index(case.id[0]), case.id),
    )
)
