#!/srv/hello/venv/bin/python
"""Serves the application as a CGI script."""

from gatewright.gateways.cgi import run
from hello import application

run(application)
