"""The server of dulwich, with an empty repository."""

from __future__ import annotations

from pathlib import Path

from dulwich.repo import Repo
from dulwich.server import BackendRepo, DictBackend
from dulwich.web import make_wsgi_chain

repositories: dict[str, BackendRepo] = {"/": Repo.init_bare(str(Path(__file__).with_name("git")), mkdir=True)}

application = make_wsgi_chain(DictBackend(repositories))
