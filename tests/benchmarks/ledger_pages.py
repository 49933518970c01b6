"""DynamoDB as a report reads it: an HTTP server on loopback that has its rows at hand.

The emulator looks through the whole table for each page of a query, which takes it a quarter of an
hour for 100,000 documents. Here the pages of a day's index, which holds keys alone, are cut as
DynamoDB cuts them, at 1 MB, before the first is asked for, and rows are given by their keys; every
other partition and row is empty.
"""

import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PAGE_BYTES = 1 << 20
_INDEX_KEYS = ("pk", "sk", "day", "received_at")

Item = Mapping[str, Any]


def measure_bytes(item: Item) -> int:
    """The size of a row as DynamoDB counts it ("DynamoDB item sizes and formats")."""
    size = 0
    for name, value in item.items():
        ((kind, content),) = value.items()
        size += len(name) + (len(content) // 2 + 2 if kind == "N" else len(content.encode()))
    return size


def find_index_row(item: Item) -> Item:
    """What the index by day holds of a row."""
    return {name: item[name] for name in _INDEX_KEYS}


def _project(item: Item, request: Mapping[str, Any]) -> Item:
    """What a request asks for of a row."""
    if "ProjectionExpression" not in request:
        return item
    names = request.get("ExpressionAttributeNames", {})
    parts = [part.strip() for part in request["ProjectionExpression"].split(",")]
    wanted = [names.get(part, part) for part in parts]
    return {name: item[name] for name in wanted if name in item}


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
        items: The rows that it is of, as DynamoDB writes them, oldest first.
    """

    def __init__(self, day: str, items: Sequence[Item]) -> None:
        self._day = day
        self._pages = list(cut_pages(map(find_index_row, items)))
        self._rows = {(item["pk"]["S"], item["sk"]["S"]): item for item in items}
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

    def answer(self, operation: str, request: Mapping[str, Any]) -> bytes:
        if operation == "BatchGetItem":
            found = {name: self._find(wanted) for name, wanted in request["RequestItems"].items()}
            return json.dumps({"Responses": found, "UnprocessedKeys": {}}).encode()
        if operation != "Query":
            return b"{}"
        wanted = request["ExpressionAttributeValues"].get(":value", {}).get("S")
        if wanted != self._day:
            return b'{"Count": 0, "Items": []}'
        number = int(request.get("ExclusiveStartKey", {"pk": {"S": "0"}})["pk"]["S"])
        items = [_project(item, request) for item in self._pages[number]]
        told: dict[str, Any] = {"Count": len(items), "Items": items}
        if number + 1 < len(self._pages):
            told["LastEvaluatedKey"] = {"pk": {"S": str(number + 1)}}
        return json.dumps(told).encode()

    def _find(self, wanted: Mapping[str, Any]) -> list[Item]:
        keys = [(key["pk"]["S"], key["sk"]["S"]) for key in wanted["Keys"]]
        return [_project(self._rows[key], wanted) for key in keys if key in self._rows]

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
