"""The floor: an epoll loop that answers what was prepared, and looks at no more than where the path begins.

Nothing that is written in Python and makes two system calls for a request can be faster.  It is no server: what comes
in one piece counts as one request, or as many as it has empty lines.
"""

from __future__ import annotations

import select
import socket
import sys

from serving.application import LINES, ROUTES, application


def prepared(path: str) -> bytes:
    """Return the whole response of the application to a path."""
    head: list[str] = []

    def start_response(status: str, headers: list[tuple[str, str]]) -> None:
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
        head.extend([*lines, "Date: Sun, 22 Nov 2026 12:00:00 GMT", "Server: floor"])

    body = b"".join(application({"PATH_INFO": path}, start_response))
    if path == "/strm/":
        head.append("Transfer-Encoding: chunked")
        body = b"%x\r\n%b\r\n" % (len(LINES), LINES) * 10 + b"0\r\n\r\n"
    return "\r\n".join([*head, "", ""]).encode() + body


def main() -> None:
    """Serve on the port that the command line says."""
    hello = prepared("/")
    responses = {path.encode(): prepared(path) for path in ROUTES if path in {"/page/", "/10kb/", "/strm/"}}
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=1024)
    poller = select.epoll()
    poller.register(listener, select.EPOLLIN)
    connections: dict[int, socket.socket] = {}
    while True:
        for number, _ in poller.poll():
            client = connections.get(number)
            if client is None:
                client = listener.accept()[0]
                client.setblocking(False)
                connections[client.fileno()] = client
                poller.register(client, select.EPOLLIN)
                continue
            try:
                data = client.recv(65_536)
                if data:
                    client.send(responses.get(data[4:10], hello) * data.count(b"\r\n\r\n"))
                    continue
            except OSError:
                pass
            del connections[number]
            client.close()


if __name__ == "__main__":
    main()
