"""What the pages need beyond Sphinx: the table of rules, links in included files, and docstrings as we write them."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.inspect import stringify_signature

from gatewright.spec.rules import RULES, Party, Rule
from gatewright.spec.rules.explanation import explanation

TITLES = {Party.SERVER: "Servers and gateways", Party.APPLICATION: "Applications", Party.MIDDLEWARE: "Middleware"}


class Rulebook(SphinxDirective):
    """Every rule, read from ``gatewright.spec.rules`` while the page is built; ``#a13`` is the anchor of A13."""

    def run(self) -> list[nodes.Node]:
        return self.parse_text_to_nodes("\n\n".join(_rulebook()), allow_section_headings=True)


def _rulebook() -> Iterator[str]:
    for party, title in TITLES.items():
        yield f"## {title}"
        yield from (_entry(rule) for rule in RULES.values() if rule.party is party)


def _entry(rule: Rule) -> str:
    lines = [f"**[{rule.id}](#{rule.id.lower()})** {rule.party.value} **{rule.level.value}**: {plain(rule.text)}."]
    lines += [f"*{title}:* {plain(text)}" for title, text in explanation(rule).items()]
    return f"({rule.id.lower()})=\n" + "\\\n".join(lines)


def plain(text: str) -> str:
    """Keep Markdown from reading marks into a sentence; the names of our modules are code."""
    return re.sub(r"\b(gatewright\.\w+)", r"`\1`", re.sub(r"([\\`*_\[\]<>#|])", r"\\\1", text))


def _link_pages(_app: Sphinx, _path: Path, _parent: str, content: list[str]) -> None:
    """SECURITY.md, as GitHub shows it, is security.md here."""
    content[0] = re.sub(r"\]\(([A-Z]+)\.md\)", lambda found: f"]({found[1].lower()}.md)", content[0])


def _mend_docstring(_app: Sphinx, what: str, _name: str, _obj: object, _options: object, lines: list[str]) -> None:
    """Napoleon takes what stands before a colon for the type of an attribute, and knows one spelling of Args."""
    if what in {"attribute", "data", "property"}:
        lines[:0] = ["..", ""]  # an empty comment, with no colon in it
    lines[:] = ["Args:" if line == "Args, all by position:" else line for line in lines]


def _sign_protocol(
    _app: Sphinx, what: str, _name: str, obj: type[Any], *_: object
) -> tuple[str | None, str | None] | None:
    """Nobody makes an instance of a protocol; what its instances are called with is of interest, if they are."""
    if what != "class" or not getattr(obj, "_is_protocol", False):
        return None
    if "__call__" not in vars(obj):
        return "", None
    called = inspect.signature(obj.__call__)
    parameters = list(called.parameters.values())[1:]  # without self
    signature = stringify_signature(called.replace(parameters=parameters), show_return_annotation=False)
    return signature.replace("Ellipsis", "..."), None


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("rulebook", Rulebook)
    app.connect("include-read", _link_pages)
    app.connect("autodoc-process-docstring", _mend_docstring, priority=400)  # before napoleon
    app.connect("autodoc-process-signature", _sign_protocol)
    return {"parallel_read_safe": True}
