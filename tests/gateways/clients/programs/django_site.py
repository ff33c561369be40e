"""A site of Django's, with sessions, a form, static files, streams and files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.wsgi import get_wsgi_application
from django.http import FileResponse, HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.middleware.csrf import get_token
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

FOLDER = Path(__file__).parent
BLOCK = bytes(range(256)) * 256
FILE = FOLDER / "file.bin"
FILE.write_bytes(BLOCK * 48)

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    DEBUG=True,  # or no static files are served
    INSTALLED_APPS=["django.contrib.sessions", "django.contrib.staticfiles"],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
    ],
    LOGGING_CONFIG=None,
    ROOT_URLCONF=__name__,
    SECRET_KEY="secret",
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    STATIC_URL="/static/",
    STATICFILES_DIRS=[FOLDER / "static"],
)
django.setup()


def page(_request: Any) -> Any:
    """Send the page for browsers."""
    return HttpResponse((FOLDER / "static" / "page.html").read_bytes())


def visits(request: Any) -> Any:
    """Count the visits of a session."""
    request.session["visits"] = request.session.get("visits", 0) + 1
    return JsonResponse({"visits": request.session["visits"]})


def form(request: Any) -> Any:
    """Send a form with a token, or tell what was filled in."""
    if request.method == "GET":
        token = f'<input type="hidden" name="csrfmiddlewaretoken" value="{get_token(request)}">'
        return HttpResponse(f'<form method="post">{token}</form>')
    digest, uploaded = hashlib.sha256(), request.FILES["file"]
    for chunk in uploaded.chunks():
        digest.update(chunk)
    told = {"comment": request.POST["comment"], "name": uploaded.name, "size": uploaded.size}
    return JsonResponse(told | {"sha256": digest.hexdigest()})


@csrf_exempt
def echo(request: Any) -> Any:
    """Tell method and body."""
    digest, size = hashlib.sha256(), 0
    while block := request.read(65_536):
        digest.update(block)
        size += len(block)
    return JsonResponse({"method": request.method, "size": size, "sha256": digest.hexdigest()})


def stream(request: Any) -> Any:
    """Send blocks as they are made."""

    def blocks() -> Iterator[bytes]:
        for _ in range(int(request.GET["blocks"])):
            yield BLOCK

    return StreamingHttpResponse(blocks(), content_type="application/octet-stream")


def file(_request: Any) -> Any:
    """Send a file."""
    return FileResponse(FILE.open("rb"), as_attachment=True)


def moved(_request: Any) -> Any:
    """Send elsewhere."""
    return HttpResponseRedirect("/visits")


def error(_request: Any) -> Any:
    """Fail."""
    raise LookupError("meant")


def port(request: Any) -> Any:
    """Tell connections apart."""
    return HttpResponse(request.META["REMOTE_PORT"])


urlpatterns = [
    path("", page),
    *(path(view.__name__, view) for view in (visits, form, echo, stream, file, moved, error, port)),
]

application = StaticFilesHandler(get_wsgi_application())
