"""A site of Flask's, with sessions, a form, static files, streams and files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from flask import Flask, Response, redirect, request, send_file, session, url_for
from flask.typing import ResponseReturnValue

FOLDER = Path(__file__).parent
BLOCK = bytes(range(256)) * 256
FILE = FOLDER / "file.bin"
FILE.write_bytes(BLOCK * 48)

application = Flask(__name__, static_folder=str(FOLDER / "static"))
application.secret_key = "secret"


@application.get("/")
def page() -> ResponseReturnValue:
    """Send the page for browsers."""
    return (FOLDER / "static" / "page.html").read_text("utf-8")


@application.get("/visits")
def visits() -> ResponseReturnValue:
    """Count the visits of a session."""
    session["visits"] = session.get("visits", 0) + 1
    return {"visits": session["visits"]}


@application.get("/form")
def form() -> ResponseReturnValue:
    """Send a form."""
    return '<form method="post"><input type="hidden" name="hidden" value="1"></form>'


@application.post("/form")
def filled_in() -> ResponseReturnValue:
    """Tell what was filled in."""
    uploaded = request.files["file"]
    content = uploaded.read()
    told = {"comment": request.form["comment"], "name": uploaded.filename, "size": len(content)}
    return told | {"sha256": hashlib.sha256(content).hexdigest()}


@application.route("/echo", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
def echo() -> ResponseReturnValue:
    """Tell method and body."""
    digest, size = hashlib.sha256(), 0
    while block := request.stream.read(65_536):
        digest.update(block)
        size += len(block)
    return {"method": request.method, "size": size, "sha256": digest.hexdigest()}


@application.get("/stream")
def stream() -> ResponseReturnValue:
    """Send blocks as they are made."""
    count = int(request.args["blocks"])

    def blocks() -> Iterator[bytes]:
        for _ in range(count):
            yield BLOCK

    return Response(blocks(), mimetype="application/octet-stream")


@application.get("/file")
def file() -> ResponseReturnValue:
    """Send a file."""
    return send_file(FILE, as_attachment=True)


@application.get("/moved")
def moved() -> ResponseReturnValue:
    """Send elsewhere."""
    return redirect(url_for("visits"))


@application.get("/error")
def error() -> ResponseReturnValue:
    """Fail."""
    raise LookupError("meant")


@application.get("/port")
def port() -> ResponseReturnValue:
    """Tell connections apart."""
    return str(request.environ["REMOTE_PORT"])
