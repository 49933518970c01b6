"""DynamoDB as a report reads it: an HTTP server on loopback that has its answers ready.

The emulator looks through the whole table for each page of a query, which takes it a quarter of an
hour for 100,000 documents. Here the pages of a day's documents are cut as DynamoDB cuts them, at
1 MB of rows, before the first is asked for; every other partition and row is empty.
"""

import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PAGE_BYTES = 1 << 20

Item = Mapping[str, Any]


def measure_bytes(item: Item) -> int:
    """The size of a row as DynamoDB counts it ("DynamoDB item sizes and formats")."""
    size = 0
    for name, value in item.items():
        ((kind, content),) = value.items()
        size += len(name) + (len(content) // 2 + 2 if kind == "N" else len(content.encode()))
    return size


def cut_pages(items: Iterable[Item]) -> Iterator[list[Item]]:
    page: list[Item] = []
    size = 0
    for item in items:
        page.append(item)
        size += measure_bytes(item)
        if size >= PAGE_BYTES:
            yield page
            page, size = [], 0
    yield page


class LedgerPages:
    """The server; listens on a free port as long as the `with` block lasts.

    Args:
        day: The partition of the index that has rows.
        items: Its rows, as DynamoDB writes them, oldest first.
    """

    def __init__(self, day: str, items: Sequence[Item]) -> None:
        self._day = day
        self._pages = list(cut_pages(items))
        self._answers: dict[tuple[int, str], bytes] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._make_handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> "LedgerPages":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def prepare(self, attributes: Sequence[str]) -> None:
        """Have the answers to a projection ready."""
        for number, page in enumerate(self._pages):
            items = [{name: item[name] for name in attributes if name in item} for item in page]
            answer: dict[str, Any] = {"Count": len(items), "Items": items}
            if number + 1 < len(self._pages):
                answer["LastEvaluatedKey"] = {"pk": {"S": str(number + 1)}}
            self._answers[number, ",".join(attributes)] = json.dumps(answer).encode()

    def answer(self, operation: str, request: Mapping[str, Any]) -> bytes:
        if operation == "BatchGetItem":
            return json.dumps(
                {"Responses": {name: [] for name in request["RequestItems"]}}
            ).encode()
        if operation != "Query":
            return b"{}"
        wanted = request["ExpressionAttributeValues"].get(":value", {}).get("S")
        if wanted != self._day:
            return b'{"Count": 0, "Items": []}'
        names = request["ExpressionAttributeNames"]
        projection = [names[part.strip()] for part in request["ProjectionExpression"].split(",")]
        number = int(request.get("ExclusiveStartKey", {"pk": {"S": "0"}})["pk"]["S"])
        return self._answers[number, ",".join(projection)]

    def _make_handler(self) -> type[BaseHTTPRequestHandler]:
        pages = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                operation = self.headers["X-Amz-Target"].rpartition(".")[2]
                content = pages.answer(operation, body)
                self.send_response(200)
                self.send_header("Content-Type", "application/x-amz-json-1.0")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *parts: object) -> None:
                """Requests are counted by the client."""

        return Handler
