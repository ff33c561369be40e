from __future__ import annotations

import pytest

from gatewright.conformance import METHODS, Kind, Request, requests_for
from gatewright.conformance.requests import environ_of
from gatewright.errors import ConfigurationError
from gatewright.spec.checks import check_environ


def kinds(method: str, data: bytes | None = None) -> list[str]:
    """Return what is special about each request of a method, in words."""
    return [request.kind.words for request in requests_for(methods=[method], data=data)]


class TestRequestsFor:
    def test_methods(self) -> None:
        """Unless methods are given, all the usual ones are used, and one that no router expects."""
        assert {request.method for request in requests_for()} == {*METHODS}

    def test_order(self) -> None:
        """Path by path, and for each path method by method."""
        sent = [(request.target, request.method) for request in requests_for(["/a", "/b"], ["GET", "POST"])]
        assert list(dict.fromkeys(sent)) == [("/a", "GET"), ("/a", "POST"), ("/b", "GET"), ("/b", "POST")]

    def test_kinds(self) -> None:
        """Each method is sent twice in a row, from two threads, and closed early."""
        expected = ["", "a second time", "closed unread", "closed after the first block", "in two threads"]
        assert kinds("GET") == expected

    def test_bodies(self) -> None:
        """A method with content is sent with a small body, a large and a chunked one as well."""
        assert kinds("POST")[5:] == ["with a form", "with a body of 1 MiB", "with a chunked body"]

    def test_data(self) -> None:
        """Data that is given takes the place of all three."""
        assert kinds("POST", b"data")[5:] == ["with the data", "with the data, chunked"]

    def test_data_of_get(self) -> None:
        """A method without content is sent without the data."""
        assert not any(request.kind.body for request in requests_for(methods=["GET", "POST"], data=b"x")[:5])

    @pytest.mark.parametrize("target", ["", "path", "http://localhost/"])
    def test_path(self, target: str) -> None:
        """A path begins with a slash."""
        with pytest.raises(ConfigurationError, match="does not begin with a slash"):
            requests_for([target])

    @pytest.mark.parametrize("method", ["", "GET /", "GÉT"])
    def test_method(self, method: str) -> None:
        """A method is a token."""
        with pytest.raises(ConfigurationError, match="is no method of HTTP"):
            requests_for(methods=[method])

    def test_data_for_nobody(self) -> None:
        """Data that would never be sent is a mistake."""
        with pytest.raises(ConfigurationError, match="no method that sends any"):
            requests_for(methods=["GET"], data=b"data")


class TestEnvironOf:
    @pytest.mark.parametrize("request_", requests_for(), ids=str)
    def test_conforms(self, request_: Request) -> None:
        """No environ breaks a rule."""
        assert list(check_environ(environ_of(request_))) == []

    def test_path(self) -> None:
        """Percent-encoded and other bytes stand in PATH_INFO as Latin-1, the query stays as it is (rule S79)."""
        environ = environ_of(Request("GET", "/é%C3%A9?a=%20"))
        assert (environ["PATH_INFO"], environ["QUERY_STRING"]) == ("/Ã©Ã©", "a=%20")

    def test_body(self) -> None:
        """Content comes with its length and type."""
        environ = environ_of(Request("PUT", "/", Kind(body=b"data", content_type="text/plain")))
        assert (environ["CONTENT_LENGTH"], environ["CONTENT_TYPE"]) == ("4", "text/plain")

    def test_empty_body(self) -> None:
        """A method that has content says that it is empty; one that has none says nothing."""
        lengths = [environ_of(Request(method, "/")).get("CONTENT_LENGTH") for method in ("POST", "GET")]
        assert lengths == ["0", None]

    def test_chunked(self) -> None:
        """A chunked body has no length, and an input that ends."""
        environ = environ_of(Request("PUT", "/", Kind(body=b"data", chunked=True)))
        told = [environ.get(key) for key in ("CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING", "wsgi.input_terminated")]
        assert (told, environ["wsgi.input"].read(9)) == ([None, "chunked", True], b"data")
