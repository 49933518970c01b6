"""Turns with tools: calls that models write as words, and names that servers get wrong."""

import json
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.model.chat_behaviours import Behaviour
from tests.integration.openai_model.answer_shapes.rows import MADE, ReplyRow

CALL = json.dumps({"name": "look", "arguments": {"where": "here"}})
DEEPSEEK_CALL = '<\uff5ctool▁call▁begin\uff5c>{}{{"where": "here"}}<\uff5ctool▁call▁end\uff5c>'


@dataclass(frozen=True)
class TurnRow:
    """A turn; `text` is what has to be said, `calls` whether `look` has to be called `here`.

    A turn with neither is one of no use.
    """

    source: str
    content: Any
    text: str | None = None
    calls: bool = True
    message: dict[str, Any] = field(default_factory=dict)

    @property
    def behaviour(self) -> Behaviour:
        ended = "tool_calls" if "tool_calls" in self.message else "stop"
        return ReplyRow(self.source, "", self.content, ended, self.message).behaviour


def _calls(name: str, arguments: Any) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {"tool_calls": [{"id": "1", "type": "function", "function": function}]}


ROWS = [
    TurnRow("NousResearch/hermes-agent #5867: Qwen Coder behind Ollama, bare JSON", CALL),
    TurnRow("NousResearch/hermes-agent #107125: Ollama behind LiteLLM, in a fence",
            f"```json\n{CALL}\n```"),
    TurnRow("NousResearch/hermes-agent #742: Hermes, tags", f"<tool_call>\n{CALL}\n</tool_call>"),
    TurnRow("NousResearch/hermes-agent #742: Hermes, a thought without its opening",
            f"Draft</think><tool_call>{CALL}</tool_call>"),
    TurnRow("ollama/ollama #18357: Gemma 3n, args",
            '<tool_call>\n{"name": "look", "args": {"where": "here"}}\n</tool_call>'),
    TurnRow("NousResearch/hermes-agent #35129: Ollama's cloud, function",
            '<function=look>{"where": "here"}</function>'),
    TurnRow("NousResearch/hermes-agent #35129: Qwen 3 Coder, parameters",
            "<tool_call>\n<function=look>\n<parameter=where>\nhere\n</parameter>\n</function>\n"
            "</tool_call>"),
    TurnRow("NousResearch/hermes-agent #24534: Kimi K2",
            "<|tool_calls_section_begin|><|tool_call_begin|>functions.look:0"
            '<|tool_call_argument_begin|>{"where": "here"}<|tool_call_end|>'
            "<|tool_calls_section_end|>"),
    TurnRow("vllm-project/vllm #13125: DeepSeek R1",
            "<\uff5ctool▁calls▁begin\uff5c>"
            + DEEPSEEK_CALL.format("function<\uff5ctool▁sep\uff5c>look\n```json\n")
            + "<\uff5ctool▁calls▁end\uff5c>"),
    TurnRow(MADE, "<\uff5ctool▁calls▁begin\uff5c>"
            + DEEPSEEK_CALL.format("look<\uff5ctool▁sep\uff5c>")),
    TurnRow("ml-explore/mlx-lm #1374: Ministral, a list", f"[TOOL_CALLS] [{CALL}]"),
    TurnRow("ml-explore/mlx-lm #1448: Devstral, args",
            '[TOOL_CALLS]look[ARGS]{"where": "here"}'),
    TurnRow("mistralai/mistral-common #73: Mistral Large, a bare list", f"[{CALL}]"),
    TurnRow("ggml-org/llama.cpp #23838: Liquid, Python",
            "<|tool_call_start|>[look(where='here')]<|tool_call_end|>"),
    TurnRow("odysseus-dev/odysseus #4522: gpt-oss, commentary",
            "<|channel|>analysis<|message|>Draft<|end|><|start|>assistant<|channel|>commentary "
            'to=functions.look<|constrain|>json<|message|>{"where": "here"}<|call|>'),
    TurnRow("vllm-project/vllm #32633: gpt-oss, a channel in the name", None,
            message=_calls("look<|channel|>commentary", '{"where": "here"}')),
    TurnRow("0xPlaygrounds/rig #1136: Groq, calls beside an empty list", [],
            message=_calls("look", {"where": "here"})),
    TurnRow(MADE, None, message=_calls("functions.look", '{"where": "here"}')),
    TurnRow(MADE, None, message=_calls(" look", json.dumps('{"where": "here"}'))),
    TurnRow("NousResearch/hermes-agent #35129: a mark of a call, and none in it",
            "<tool_call>\nlook here\n</tool_call>", calls=False),
    TurnRow("NousResearch/hermes-agent #107080: Gemma 3n, nothing at all", "", calls=False),
    TurnRow("langchain4j/langchain4j #4786: LM Studio, a call within a thought", "",
            message={"reasoning_content": "Let me look.\n\n<tool_call>\n<function=look>\n"
                                          "<parameter=where>\nhere\n</parameter>\n</function>\n"
                                          "</tool_call>"}),
    TurnRow("vllm-project/vllm #19839: an answer taken for a thought", None, calls=False,
            message={"reasoning_content": "It is here."}),
    TurnRow("langgenius/dify #17660: DeepSeek R1, words after thoughts",
            "Draft\n</think>\n\nFound.", "\n\nFound.", calls=False),
    TurnRow("open-webui/open-webui #9808: an answer that speaks of tags",
            "They close with `</think>` now.", "They close with `</think>` now.", calls=False),
]  # fmt: skip
