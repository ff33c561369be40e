"""Tests of a Django project that is served meanwhile, and that fail when it breaks a rule of PEP 3333."""

from contextlib import closing
from http.client import HTTPConnection

import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

from gatewright.pytest_plugin import ServeApplication


def greet(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"Hello, {request.GET.get('name', 'world')}!\n")


@pytest.fixture(scope="session")
def application() -> WSGIHandler:
    # Of a project: import it from its wsgi.py, and leave the settings to pytest-django.
    settings.configure(ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=(path("", greet),))
    return get_wsgi_application()


def test_greeting(application: WSGIHandler, wsgi_server: ServeApplication) -> None:
    server = wsgi_server(application)
    with closing(HTTPConnection(server.host, server.port, timeout=10)) as client:
        client.request("GET", "/?name=you")
        assert client.getresponse().read() == b"Hello, you!\n"
