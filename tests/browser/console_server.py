"""The console of a desk as a web server, without a gateway: what a browser sends is kept."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from functions.operator import Operator
from tests.fakes.aws.event_source import LambdaContext
from tests.fakes.desks.api_desk import ApiDesk, make_event

# Status, headers, body.
Page = tuple[int, dict[str, str], str]
# What is asked: method, path with query, headers, body.
Answer = Callable[[str, str, dict[str, str], str | None], Page]


@contextmanager
def serve(answer: Answer) -> Iterator[str]:
    """A web server on a free port of loopback; its address, without a slash at the end."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            sent = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
            given = {name.lower(): value for name, value in self.headers.items()}
            status, headers, body = answer(self.command, self.path, given, sent or None)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        do_POST = do_GET

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def serve_console(
    desk: ApiDesk, operator: Operator | None = None
) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """The address of the desk's console, and the headers of the requests for its parts.

    A key is its own id, as the gateway would tell it.
    """
    asked: list[dict[str, str]] = []

    def answer(method: str, path: str, headers: dict[str, str], sent: str | None) -> Page:
        parts = urlsplit(path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if parts.path.startswith("/console/parts/"):
            asked.append(headers)
        key = headers.get("x-api-key")
        event = make_event(method, parts.path, sent, headers=headers, query=query, key_id=key)
        function = desk.api
        if operator is not None and parts.path.startswith("/console/actions/"):
            function = operator
        given = function.answer(event, LambdaContext(28.0))
        told = {name: values[0] for name, values in given["multiValueHeaders"].items()}
        return given["statusCode"], told, given["body"]

    with serve(answer) as address:
        yield f"{address}/console", asked
