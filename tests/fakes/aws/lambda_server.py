"""AWS Lambda with known curves: time over memory, versions, and the log's REPORT line.

It speaks the protocol that boto3 speaks (AWS Lambda API Reference), so that what is measured is
measured through the real client. CloudFormation's side of one stack stands beside it.
"""

import base64
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

_FUNCTIONS = "/2015-03-31/functions/"


class FakeLambda:
    """One function: `find_duration_ms` tells how long a run takes with so many megabytes.

    Args:
        memory_mb: What it has.
        find_duration_ms: The curve; it may raise MemoryError for a size that is too small.
    """

    def __init__(self, memory_mb, find_duration_ms):
        self.memory_mb = memory_mb
        self.find_duration_ms = find_duration_ms
        self.versions = {}
        self.events = []
        # What `$LATEST` had while versions were run, and what it was given, in order.
        self.memory_during_runs = set()
        self.given_mb = []
        self.on_invoke = lambda: None
        # Called when a version is published, before that is told.
        self.on_published = lambda: None
        self.descriptions = {}
        # The descriptions of aliases, by their names.
        self.aliases = {}
        # The codes with which the next requests of a kind are refused.
        self.refusals = {"configure": [], "invoke": [], "delete": [], "alias": []}
        self.update_status = "Successful"
        self._published = 0

    def configure(self, memory_mb):
        self.memory_mb = memory_mb
        self.given_mb.append(memory_mb)

    def publish(self, description=""):
        """The number of a version: of the last one, where nothing has changed since."""
        last = str(self._published)
        if self.versions.get(last) == self.memory_mb:
            return last
        self._published += 1
        self.versions[str(self._published)] = self.memory_mb
        self.descriptions[str(self._published)] = description
        self.on_published()
        return str(self._published)

    def describe(self, qualifier):
        memory_mb = self.versions.get(qualifier, self.memory_mb)
        return {
            "FunctionName": "pipeline-ingest",
            "Architectures": ["arm64"],
            "MemorySize": memory_mb,
            "Version": qualifier or "$LATEST",
            "State": "Active",
            "LastUpdateStatus": self.update_status,
            "Description": self.descriptions.get(qualifier, ""),
        }

    def invoke(self, qualifier, event):
        """The answer of a run, its error if it has one, and the end of its log."""
        self.on_invoke()
        self.events.append(event)
        self.memory_during_runs.add(self.memory_mb)
        memory_mb = self.versions[qualifier]
        try:
            duration_ms = self.find_duration_ms(memory_mb)
        except MemoryError:
            died = {"errorType": "Runtime.ExitError", "errorMessage": "signal: killed"}
            return died, "Unhandled", ""
        line = (
            f"REPORT RequestId: 1\tDuration: {duration_ms:.2f} ms\t"
            f"Billed Duration: {-(-duration_ms // 1):.0f} ms\tMemory Size: {memory_mb} MB\t"
            f"Max Memory Used: {memory_mb // 2} MB\t\n"
        )
        return {"pages": 3, "chunks": 1}, None, f"START RequestId: 1\nEND RequestId: 1\n{line}"


@contextmanager
def serve_lambda(function):
    """Serve the function; the address goes into AWS_ENDPOINT_URL_LAMBDA."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            path, qualifier = self._read_target()
            if "/aliases/" in path:
                self._answer_alias(path)
                return
            if path.endswith("/versions"):
                told = [function.describe(one) for one in [None, *function.versions]]
                self._answer(200, {"Versions": told})
                return
            told = function.describe(qualifier)
            is_whole = not path.endswith("/configuration")
            self._answer(200, {"Configuration": told} if is_whole else told)

        def do_PUT(self):
            wanted = json.loads(self._read_body())
            path, _ = self._read_target()
            if "/aliases/" in path:
                function.aliases[path.rpartition("/")[2]] = wanted["Description"]
                self._answer_alias(path)
                return
            if self._refuse("configure"):
                return
            function.configure(wanted["MemorySize"])
            self._answer(200, function.describe(None))

        def do_POST(self):
            path, qualifier = self._read_target()
            body = self._read_body()
            if path.endswith("/aliases"):
                self._make_alias(json.loads(body))
                return
            if path.endswith("/versions"):
                description = json.loads(body).get("Description", "")
                self._answer(201, function.describe(function.publish(description)))
                return
            if self._refuse("invoke"):
                return
            answer, error, log = function.invoke(qualifier, json.loads(body))
            headers = {"X-Amz-Log-Result": base64.b64encode(log.encode()).decode()}
            if error:
                headers["X-Amz-Function-Error"] = error
            self._answer(200, answer, headers)

        def do_DELETE(self):
            path, qualifier = self._read_target()
            if "/aliases/" in path:
                del function.aliases[path.rpartition("/")[2]]
                self._answer(204, None)
                return
            if self._refuse("delete"):
                return
            del function.versions[qualifier]
            self._answer(204, None)

        def _make_alias(self, wanted):
            if wanted["Name"] in function.aliases:
                told = {"message": f"Alias already exists: {wanted['Name']}"}
                self._answer(409, told, {"x-amzn-ErrorType": "ResourceConflictException"})
                return
            function.aliases[wanted["Name"]] = wanted["Description"]
            if not self._refuse("alias"):
                self._answer(201, wanted)

        def _answer_alias(self, path):
            name = path.rpartition("/")[2]
            if name in function.aliases:
                self._answer(200, {"Name": name, "Description": function.aliases[name]})
            else:
                missing = {"x-amzn-ErrorType": "ResourceNotFoundException"}
                self._answer(404, {"message": "no alias"}, missing)

        def _refuse(self, kind):
            if not function.refusals[kind]:
                return False
            code = function.refusals[kind].pop(0)
            self._answer(429, {"message": "Rate exceeded"}, {"x-amzn-ErrorType": code})
            return True

        def _read_target(self):
            parts = urlsplit(self.path)
            assert parts.path.startswith(f"{_FUNCTIONS}pipeline-ingest")
            return parts.path, parse_qs(parts.query).get("Qualifier", [None])[0]

        def _read_body(self):
            return self.rfile.read(int(self.headers["Content-Length"] or 0)) or b"{}"

        def _answer(self, status, content, headers=None):
            body = b"" if content is None else json.dumps(content).encode()
            self.send_response(status)
            for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
