"""The server of dulwich, with an empty repository."""

from __future__ import annotations

from pathlib import Path

from dulwich.repo import Repo
from dulwich.server import DictBackend
from dulwich.web import make_wsgi_chain

application = make_wsgi_chain(DictBackend({"/": Repo.init_bare(str(Path(__file__).with_name("git")), mkdir=True)}))
