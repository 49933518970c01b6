"""Streams as servers and gateways send them: heartbeats, errors in the middle, odd framing."""

import json
from dataclasses import dataclass
from typing import Any

from tests.fakes.model.chat_behaviours import Behaviour, sending
from tests.integration.openai_model.answer_shapes.rows import ANSWER, DRAFT, MADE, MALFORMED

USAGE = {"prompt_tokens": 800, "completion_tokens": 20, "total_tokens": 820}
OVERFLOW = "the request exceeds the available context size. try increasing the context size"


@dataclass(frozen=True)
class StreamRow:
    """A body as it stands; `outcome` is `whole`, or one of `test_answer_shapes.OUTCOMES`."""

    source: str
    outcome: str
    body: bytes
    kind: str = "text/event-stream"

    @property
    def behaviour(self) -> Behaviour:
        return sending(200, self.body, content_type=self.kind)


def chunk(delta: dict[str, Any], finish_reason: str | None = None, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return {"id": "1", "object": "chat.completion.chunk", "choices": [choice], **more}


def events(*chunks: Any, start: str = "data: ", end: str = "\n\n") -> bytes:
    words = (text if isinstance(text, str) else json.dumps(text) for text in chunks)
    return "".join(f"{start}{text}{end}" for text in words).encode()


BEGUN = (chunk({"role": "assistant", "content": None}), chunk({"content": ANSWER[:30]}))
COUNTED = {"id": "1", "choices": [], "usage": USAGE}
ENDED = (chunk({"content": ANSWER[30:]}), chunk({}, "stop"), COUNTED, "[DONE]")
WHOLE_CHOICE = {"index": 0, "message": {"role": "assistant", "content": ANSWER},
                "finish_reason": "stop"}  # fmt: skip
WHOLE = {"id": "1", "object": "chat.completion", "choices": [WHOLE_CHOICE], "usage": USAGE}


def _between(source: str, heartbeat: bytes) -> StreamRow:
    return StreamRow(source, "whole", events(*BEGUN) + heartbeat + events(*ENDED))


def _failing(source: str, outcome: str, error: Any, start: str = "data: ") -> StreamRow:
    return StreamRow(source, outcome, events(*BEGUN) + events(error, start=start))


def _perplexity(delta: str, whole: str, finish_reason: str | None = None) -> dict[str, Any]:
    said = chunk({"role": "assistant", "content": delta}, finish_reason, usage=USAGE)
    said["choices"][0]["message"] = {"role": "assistant", "content": whole}
    return said


ROWS = [
    # Heartbeats.
    _between("netease-lcap/wave-agent #1326: empty data lines as heartbeats",
             b"data:\n\ndata: \n\n"),
    _between("Bruce-Yii on duolahypercho/codex-router #145: a word as a heartbeat",
             b"data: pong\n\n"),
    _between("OpenRouter: Streaming (comments)", b": OPENROUTER PROCESSING\n\n"),
    _between("openai/openai-python #2721: events with a retry alone", b"retry: 3000\n\nid: 7\n\n"),
    _between("theopenco/llmgateway #2334: a comment of a single line", b": ping\n"),
    _between(MADE, b'event: ping\ndata: {"type": "ping"}\n\n'),
    _between(MADE, b"data: null\n\n"),
    # Framing.
    StreamRow("lidge-jun/opencodex #1188: no space behind the colon", "whole",
              events(*BEGUN, *ENDED, start="data:")),
    StreamRow("perplexityai/api-discussion #209: no [DONE], the whole answer beside each piece",
              "whole", events(_perplexity(ANSWER[:30], ANSWER[:30]),
                              _perplexity(ANSWER[30:], ANSWER), _perplexity("", ANSWER, "stop"))),
    StreamRow("microsoft/foundry-dev-tools #195: a stream that calls itself JSON", "whole",
              events(*BEGUN, *ENDED), "application/json"),
    StreamRow("decolua/9router #3492: a completion in a piece with [DONE] behind it", "whole",
              json.dumps(WHOLE).encode() + b"\n\ndata: [DONE]\n\n"),
    StreamRow("decolua/9router #3301: a completion in a piece that calls itself a stream", "whole",
              json.dumps(WHOLE).encode()),
    StreamRow("Azure OpenAI: Content Streaming (prompt_filter_results)", "whole",
              events({"id": "", "choices": [], "prompt_filter_results": []}, *BEGUN, *ENDED)),
    StreamRow(MADE, "whole",
              events(*BEGUN, ENDED[0], chunk({"content": ""}, "stop"), COUNTED)),
    StreamRow(MADE, "whole", events(*BEGUN, *ENDED, end="\r\n\r\n")),
    StreamRow(MADE, "whole", b"\xef\xbb\xbf" + events(*BEGUN, *ENDED)),
    StreamRow(MADE, "whole", events(WHOLE, "[DONE]")),
    StreamRow(MADE, "whole", events(chunk({"reasoning_content": DRAFT}), *BEGUN, *ENDED)),
    StreamRow(MADE, "whole", events(BEGUN[0]) + b'data: {"choices": [{"index": 0,\ndata: "delta": '
              + json.dumps({"content": ANSWER}).encode() + b"}]}\n\n" + events(*ENDED[1:])),
    StreamRow(MADE, "unusable", events(*BEGUN) + b'data: {"choi\n\n' + events(*ENDED)),
    # Errors.
    StreamRow("coddy-project/coddy-agent #106: llama.cpp's field of its own", "overflow",
              events({"code": 400, "message": OVERFLOW, "type": "invalid_request_error"},
                     start="error: ") + b"data: [DONE]\n\n"),
    _failing("ggml-org/llama.cpp #16109: error messages when streaming", "overflow",
             {"code": 400, "message": OVERFLOW, "type": "invalid_request_error"}, "error: "),
    _failing("ggml-org/llama.cpp #14566: status 200 with an error in a chunk", "overflow",
             {"error": {"code": 400, "message": OVERFLOW, "type": "invalid_request_error"}}),
    _failing(MADE, "unavailable", {"object": "error", "message": "Internal server error",
                             "type": "InternalServerError", "param": None, "code": 500}),
    _failing("damianvtran/local-operator #223: OpenRouter in the middle", "unavailable",
             chunk({"content": ""}, "error",
                   error={"code": 502, "message": "Provider disconnected"})),
    _failing("diegosouzapw/OmniRoute #8210: OpenRouter, no choices beside the error",
             "unavailable", {"choices": [], "error": {
                 "code": 502, "message": "Worker local total request limit reached (33/32)"}}),
    _failing("Augustas11/macprovider #186: provider_disconnected before [DONE]", "unavailable",
             {"error": {"message": "Provider disconnected during streaming",
                        "type": "server_error", "code": "provider_disconnected"}}),
    _failing("apache/rocketmq-dashboard #2178: error envelopes with status 200", "throttled",
             {"error": {"message": "quota exceeded"}}),
    _failing("Anthropic: Streaming messages (error events)", "unavailable",
             {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
             "event: error\ndata: "),
    _failing("NousResearch/hermes-agent #92161: a clean end by network_error, and nothing else",
             "unavailable", chunk({}, "network_error")),
    _failing(MADE, "unusable",
             {"choices": [{"index": 0, "delta": {"role": "assistant"}, **MALFORMED}]}),
    _failing(MADE, "throttled",
             [{"error": {"code": 429, "message": "Resource exhausted"}}]),
    _failing(MADE, "refused",
             {"code": "DataInspectionFailed", "request_id": "1",
              "message": "Output data may contain inappropriate content."}),
    _failing(MADE, "unavailable", "upstream lost", "event: error\ndata: "),
    _failing(MADE, "throttled", {"code": 429, "message": "Too many requests"},
             "event: error\ndata: "),
    # Pages, or nothing at all.
    StreamRow("deepseek-ai/DeepSeek-V3 #450: an empty body when the service is abnormal",
              "unavailable", b""),
    StreamRow(MADE, "unavailable", b"data: [DONE]\n\n"),
    StreamRow(MADE, "unavailable", b"<!DOCTYPE html><title>Maintenance</title>", "text/html"),
    StreamRow(MADE, "unavailable", events(*BEGUN) + b'data: {"id": "1", "choi'),
]  # fmt: skip
