"""A server of the Chat Completions API for tests, with every way in which a real one fails.

In a test: `with ChatServer() as server: server.script(throttled("2"), ok())`.
As a process: `python -m tests.fakes.model.chat_server --port 0 --mix ok=0.9 --seed 7`;
it prints its address, `GET /control/requests` tells what it received, `POST /control/script` with a
list of behaviours (`[{"kind": "hang"}]`) scripts the next calls.
"""

import argparse
import dataclasses
import json
import random
import socket
import struct
import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.fakes.model.chat_answers import (
    HIJACKED_ANSWER,
    HIJACKED_CALLS,
    read_trusted_text,
    take_turn,
    write_answer,
)
from tests.fakes.model.chat_behaviours import ERRORS, Behaviour, write_throttle_headers
from tests.fakes.model.pacing import (
    Pace,
    Slots,
    count_prompt_tokens,
    count_tokens,
    cut_prompt,
    split_completion,
    write_event,
)
from tests.fakes.model.server_traits import ReceivedCall, ServerTraits, find_objection
from tests.fakes.model.thinking import add_thoughts


class ChatServer:
    """The server, on a free port of 127.0.0.1 in threads of this process."""

    def __init__(self, port: int = 0, **traits: Any) -> None:
        self.traits = ServerTraits(**traits)
        self._random = random.Random(self.traits.seed)
        self._script: deque[Behaviour] = deque()
        self._calls: list[ReceivedCall] = []
        self._lock = threading.Lock()
        self.stopping = threading.Event()
        self.slots = Slots(self.traits.pace.slots)
        server = self

        class Handler(_ChatHandler):
            chat_server = server

        self._http = _QuietServer(("127.0.0.1", port), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> "ChatServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(5)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    @property
    def calls(self) -> list[ReceivedCall]:
        """All calls so far, in order of arrival."""
        with self._lock:
            return list(self._calls)

    def script(self, *behaviours: Behaviour) -> None:
        """What to do with the next calls, in turn; after that, by the mix."""
        with self._lock:
            self._script.extend(behaviours)

    def forget(self) -> None:
        """Forget the calls so far, and what is scripted."""
        with self._lock:
            self._script.clear()
            self._calls.clear()

    def undercuts(self) -> list[ReceivedCall]:
        """Calls that came again before their own `Retry-After` was over."""
        allowed: dict[str, float] = {}
        early = []
        for call in self.calls:
            if call.at_seconds < allowed.get(call.prompt_digest, 0.0):
                early.append(call)
            if call.not_before is not None:
                allowed[call.prompt_digest] = call.not_before
        return early

    def next_behaviour(self) -> Behaviour:
        with self._lock:
            if self._script:
                return self._script.popleft()
            kinds = list(self.traits.mix)
            kind = self._random.choices(kinds, [self.traits.mix[name] for name in kinds])[0]
        retry_after = self.traits.retry_after if kind == "throttled" else None
        return Behaviour(kind, self.traits.latency_seconds, retry_after)

    def record(self, call: ReceivedCall) -> int:
        with self._lock:
            self._calls.append(call)
            return len(self._calls)


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up on a failing server is no news."""


class _ChatHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    chat_server: ChatServer

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent."""

    def do_GET(self) -> None:
        if self.path != "/control/requests":
            return self._send_error(404, "invalid_request_error", "not_found", "No such path")
        calls = [dataclasses.asdict(call) for call in self.chat_server.calls]
        return self._send(200, {"calls": calls, "undercuts": len(self.chat_server.undercuts())})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))))
        if self.path == "/control/script":
            self.chat_server.script(*(Behaviour(**behaviour) for behaviour in body))
            return self._send(200, {})
        if self.path.partition("?")[0] != "/v1/chat/completions":
            return self._send_error(404, "invalid_request_error", "not_found", "No such path")
        return self._complete(body)

    def _complete(self, body: dict[str, Any]) -> None:
        at_seconds = time.monotonic()
        behaviour = self.chat_server.next_behaviour()
        key = self.headers.get("authorization", "").removeprefix("Bearer ")
        headers, not_before = write_throttle_headers(behaviour, at_seconds)
        read = cut_prompt(body, self.chat_server.traits.window_tokens)
        number = self.chat_server.record(
            ReceivedCall(
                *(at_seconds, self.client_address[1], key, body),
                *(behaviour.kind, not_before, self.path, read is not body),
            )
        )
        if self.chat_server.stopping.wait(behaviour.latency_seconds):
            return None
        refusal = find_objection(self.chat_server.traits, body, key)
        if refusal is not None and behaviour.kind in ("ok", "no_usage"):
            return self._send_error(*refusal)
        if behaviour.kind in ERRORS:
            return self._send_error(*ERRORS[behaviour.kind], headers=headers)
        if behaviour.kind == "raw":
            return self._send_raw(behaviour)
        if behaviour.kind in _BROKEN_CONNECTIONS:
            return _BROKEN_CONNECTIONS[behaviour.kind](self)
        with self.chat_server.slots:
            return self._send_completion(behaviour, read, number)

    def _send_completion(self, behaviour: Behaviour, body: dict[str, Any], number: int) -> None:
        kind, traits = behaviour.kind, self.chat_server.traits
        message: dict[str, Any] = {"role": "assistant", "refusal": None}
        finish_reason = "stop"
        if kind == "ok" and traits.order is not None and traits.order in read_trusted_text(body):
            kind = "hijacked"
        if kind == "says":
            message["content"], calls = behaviour.words, behaviour.calls
        elif kind == "hijacked":
            message["content"], calls = HIJACKED_ANSWER, HIJACKED_CALLS
        elif "tools" in body and not traits.ignores_tools:
            message["content"], calls = take_turn(body, traits.always_calls)
        else:
            message["content"], calls = (
                write_answer(kind, body, traits.ignores_format, traits.picture_text or ""),
                (),
            )
        if calls:
            finish_reason = "tool_calls"
            message["tool_calls"] = [
                {
                    "id": f"call-{number}-{position}",
                    "type": "function",
                    "function": {"name": name, "arguments": arguments},
                }
                for position, (name, arguments) in enumerate(calls)
            ]
        if kind == "truncated":
            finish_reason = "length"
        if kind == "content_filter":
            finish_reason, message["content"] = "content_filter", ""
        if kind == "refusal":
            message["content"], message["refusal"] = None, "I cannot help with that."
        words = message["content"] or ""
        read_tokens = count_prompt_tokens(body)
        written_tokens = count_tokens(words) + 1
        if traits.thinking is not None:
            add_thoughts(message, traits.thinking)
        completion: dict[str, Any] = {
            "id": f"chatcmpl-{number:06d}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": body.get("model"),
            "choices": [
                {
                    "index": 0,
                    "message": message,
                    "logprobs": None,
                    "finish_reason": finish_reason,
                }
            ],
            "usage": {
                "prompt_tokens": read_tokens,
                "completion_tokens": written_tokens,
                "total_tokens": read_tokens + written_tokens,
            },
        }
        if kind == "no_usage":
            del completion["usage"]
        if kind == "no_choices":
            completion["choices"] = []
        pace = traits.pace
        if self.chat_server.stopping.wait(pace.reading_seconds(read_tokens)):
            return
        if body.get("stream") and traits.streams:
            self._stream(completion)
        elif not self.chat_server.stopping.wait(pace.token_seconds * written_tokens):
            self._send(200, completion)

    def _stream(self, completion: dict[str, Any]) -> None:
        traits = self.chat_server.traits
        if not traits.counts_streamed:
            completion.pop("usage", None)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        seconds = traits.pace.token_seconds
        for chunk in split_completion(completion, by_token=seconds > 0):
            if self.chat_server.stopping.wait(seconds):
                return
            self.wfile.write(write_event(chunk))
        self.wfile.write(write_event("[DONE]") + b"0\r\n\r\n")

    def _send_error(
        self,
        status: int,
        error_type: str,
        code: str | None,
        message: str,
        param: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        error = {"message": message, "type": error_type, "param": param, "code": code}
        self._send(status, {"error": error}, headers)

    def _send_raw(self, behaviour: Behaviour) -> None:
        """A body of bytes is a stream, unless its headers say something else."""
        headers = dict(behaviour.headers)
        if isinstance(behaviour.body, bytes):
            kind = headers.pop("content-type", "text/event-stream")
            return self._send_bytes(behaviour.status, kind, behaviour.body, headers)
        return self._send(behaviour.status, behaviour.body, headers)

    def _send(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        self._send_bytes(status, "application/json", json.dumps(body).encode(), headers)

    def _send_bytes(
        self, status: int, kind: str, body: bytes, headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-request-id", f"req_{time.monotonic_ns():x}")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def hang(self) -> None:
        self.chat_server.stopping.wait(600)
        self.close_connection = True

    def drip(self) -> None:
        """White space, a byte at a time, as some gateways send while they wait."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "100000")
        self.end_headers()
        while not self.chat_server.stopping.wait(0.05):
            self.wfile.write(b" ")
            self.wfile.flush()

    def reset(self) -> None:
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()
        self.close_connection = True

    def reset_in_body(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "100000")
        self.end_headers()
        self.wfile.write(b'{"id": "chatcmpl-')
        self.wfile.flush()
        self.reset()

    def html(self) -> None:
        self._send_bytes(200, "text/html", b"<html><body>Welcome to the proxy</body></html>")

    def garbled(self) -> None:
        self._send_bytes(200, "application/json", b'{"id": "chatcmpl-1", "choi')

    def not_utf8(self) -> None:
        self._send_bytes(200, "application/json", b'{"id": "\xff\xfe\xfa"}')


_BROKEN_CONNECTIONS = {
    "hang": _ChatHandler.hang,
    "drip": _ChatHandler.drip,
    "reset": _ChatHandler.reset,
    "reset_in_body": _ChatHandler.reset_in_body,
    "html": _ChatHandler.html,
    "garbled": _ChatHandler.garbled,
    "not_utf8": _ChatHandler.not_utf8,
}


def _parse_mix(text: str) -> dict[str, float]:
    return {kind: float(weight) for kind, weight in (part.split("=") for part in text.split(","))}


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(description="A fake Chat Completions server for tests.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--mix", type=_parse_mix, default={"ok": 1.0}, help="ok=0.9,hang=0.1")
    parser.add_argument("--latency-seconds", type=float, default=0.0)
    parser.add_argument("--retry-after", default="1")
    parser.add_argument("--json-schema-status", type=int, help="refuse json_schema with it")
    parser.add_argument("--json-object-status", type=int, help="refuse json_object with it")
    parser.add_argument("--accepted-key", help="answer 401 to any other key")
    parser.add_argument("--window-tokens", type=int, help="drop in silence what is beyond it")
    parser.add_argument("--tokens-per-second", type=float)
    parser.add_argument("--read-tokens-per-second", type=float)
    parser.add_argument("--slots", type=int, help="how many calls it works on at once")
    given = vars(parser.parse_args())
    paces = ("tokens_per_second", "read_tokens_per_second", "slots")
    given["pace"] = Pace(**{name: given.pop(name) for name in paces})
    with ChatServer(given.pop("port"), **given) as server:
        print(server.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
