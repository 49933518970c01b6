"""A server of Amazon Textract's DetectDocumentText, in the protocol that the SDK speaks to it.

Its answers have blocks as the API Reference has them ("Block"): a PAGE with its LINEs, each with
its WORDs. The protocol is AWS JSON 1.1, which the SDK takes of the two that the service knows.
"""

import base64
import json
import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_TYPE = "application/x-amz-json-1.1"
_LINE_HEIGHT, _WORD_WIDTH = 0.02, 0.05


class TextractServer:
    """The server, on a free port of 127.0.0.1 in threads of this process.

    Args:
        text: What all pictures show.
        confidence: How sure it is of each word.
    """

    def __init__(self, text, confidence=99.5):
        self.text = text
        self.confidence = confidence
        # The pictures that were read, and what to answer instead: (status, code), or "hang".
        self.pictures = []
        self.failures = deque()
        server = self

        class Handler(_Handler):
            textract = server

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(5)

    @property
    def url(self):
        return f"http://127.0.0.1:{self._http.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format, *args):
        """Stay silent."""

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.headers["X-Amz-Target"] == "Textract.DetectDocumentText"
        assert self.headers["Content-Type"] == _TYPE
        assert [*request, *request["Document"]] == ["Document", "Bytes"]
        picture = base64.b64decode(request["Document"]["Bytes"], validate=True)
        if self.textract.failures:
            failure = self.textract.failures.popleft()
            if failure == "hang up":
                self.textract.pictures.append(picture)
                self.close_connection = True
                return
            status, code = failure
            self._send(status, {"__type": code, "Message": code})
            return
        self.textract.pictures.append(picture)
        self._send(
            200,
            {
                "DocumentMetadata": {"Pages": 1},
                "Blocks": write_blocks(self.textract.text, self.textract.confidence),
                "DetectDocumentTextModelVersion": "1.0",
            },
        )

    def _send(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", _TYPE)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("x-amzn-RequestId", f"{time.monotonic_ns():x}")
        self.end_headers()
        self.wfile.write(data)


def write_blocks(text, confidence):
    """The blocks of a page with this text."""
    lines, words = [], []
    for row, line in enumerate(text.splitlines()):
        ids = []
        for column, word in enumerate(line.split()):
            ids.append(f"word-{row}-{column}")
            words.append(
                _write_block("WORD", ids[-1], row, column, 1, confidence)
                | {"Text": word, "TextType": "PRINTED"}
            )
        relations = [{"Type": "CHILD", "Ids": ids}]
        block = _write_block("LINE", f"line-{row}", row, 0, len(ids), confidence)
        lines.append(block | {"Text": line, "Relationships": relations})
    page = _write_block("PAGE", "page", 0, 0, 1, None)
    if lines:
        page["Relationships"] = [{"Type": "CHILD", "Ids": [line["Id"] for line in lines]}]
    return [page, *lines, *words]


def _write_block(kind, name, row, column, width, confidence):
    box = {
        "Width": width * _WORD_WIDTH,
        "Height": _LINE_HEIGHT,
        "Left": column * _WORD_WIDTH,
        "Top": row * _LINE_HEIGHT,
    }
    corners = [{"X": box["Left"], "Y": box["Top"]}] * 4
    block = {"BlockType": kind, "Id": name, "Geometry": {"BoundingBox": box, "Polygon": corners}}
    return block if confidence is None else block | {"Confidence": confidence}
