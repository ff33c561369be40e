"""Tests of a Flask application that fail when it breaks a rule of PEP 3333."""

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from gatewright.pytest_plugin import ValidateApplication

app = Flask(__name__)


@app.get("/")
def greet() -> str:
    return f"Hello, {request.args.get('name', 'world')}!\n"


@pytest.fixture
def client(wsgi_validated: ValidateApplication, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    monkeypatch.setattr(app, "wsgi_app", wsgi_validated(app.wsgi_app))
    return app.test_client()


def test_greeting(client: FlaskClient) -> None:
    assert client.get("/?name=you").text == "Hello, you!\n"


def test_no_such_page(client: FlaskClient) -> None:
    assert client.get("/cake").status_code == 404
