"""The settings of the server, read from their class while the page is built."""

from collections.abc import Iterator

from docutils import nodes
from rulebook import plain
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from gatewright.server.configuration import PREFIX, toml_of
from gatewright.server.settings import described
from gatewright.serving import FOR_GATEWAYS


class SettingsPage(SphinxDirective):
    """Every setting with its default and its spellings; ``#setting-threads`` is the anchor of threads."""

    def run(self) -> list[nodes.Node]:
        return self.parse_text_to_nodes("\n\n".join(entries()), allow_section_headings=True)


def entries() -> Iterator[str]:
    """Yield the Markdown of each setting."""
    for name, default, text in described():
        option, anchor = f"--{name.replace('_', '-')}", f"setting-{name.replace('_', '-')}"
        also = " For FastCGI and SCGI, too." if name in FOR_GATEWAYS else ""
        lines = [
            f"**[{name}](#{anchor})** = `{toml_of(default)}`",
            f"{plain(text)}{also}",
            f"`{option}`, `{PREFIX}{name.upper()}`",
        ]
        yield f"({anchor})=\n" + "\\\n".join(lines)


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("settings", SettingsPage)
    return {"parallel_read_safe": True}
