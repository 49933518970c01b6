"""A server that stands for a stack's HTTP API and for API Gateway's control plane, as scripted."""

import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY_ID, KEY = "key-id", "the-key"


@dataclass
class ScriptedApi:
    """What it received (method, path, headers by lower-case name, body), and what it answers next.

    Args:
        address: Where it listens.
    """

    address: str = ""
    requests: list[tuple[str, str, dict[str, str], str]] = field(default_factory=list)
    answers: deque[tuple[int, bytes, dict[str, str]]] = field(default_factory=deque)

    def script(self, status: int, content: object, **headers: str) -> None:
        """Answer one further request."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.answers.append((status, body, {k.replace("_", "-"): v for k, v in headers.items()}))

    def refuse(
        self, status: int, code: str, message: str, hint: str | None = None, **headers: str
    ) -> None:
        """Answer one further request with an error of the API's shape."""
        error = {"code": code, "message": message, "request_id": "request-1", "what_to_do": hint}
        self.script(status, {"error": error}, **headers)


@contextmanager
def serve_scripted_api() -> Iterator[ScriptedApi]:
    """Serve on a free port of this machine."""
    api = ScriptedApi()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length).decode()
            if self.path.startswith("/apikeys/"):
                known = self.path == f"/apikeys/{KEY_ID}?includeValue=true"
                self.write(200 if known else 404, json.dumps({"value": KEY}).encode(), {})
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            api.requests.append((self.command, self.path, headers, body))
            self.write(*api.answers.popleft())

        do_GET = do_POST = do_DELETE = answer

        def write(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    api.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
