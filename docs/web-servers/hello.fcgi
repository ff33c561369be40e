#!/srv/hello/venv/bin/python
"""Serves the application by FastCGI on the socket that the web server, or spawn-fcgi, made."""

from gatewright.gateways.fastcgi import run
from hello import application

run(application)
