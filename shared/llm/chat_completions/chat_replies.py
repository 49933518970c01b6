"""Read what a Chat Completions server answers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import httpx2
import openai
from openai.types.chat import ChatCompletion, ChatCompletionMessage
from openai.types.chat.chat_completion import Choice
from openai.types.completion_usage import CompletionUsage

from shared.errors import ModelAnswerError
from shared.llm.chat_completions.server_errors.error_translation import HIDDEN_ERROR_STATUS
from shared.llm.chat_completions.server_errors.error_words import BAD_GENERATION_CODES
from shared.llm.chat_completions.worded_calls import read_channel_calls
from shared.llm.model import Usage
from shared.llm.thoughts import strip_thoughts
from shared.llm.token_estimate import estimate_tokens
from shared.llm.turns import ToolCall
from shared.prices import MICRO_USD_PER_USD

# The reasons for which a whole answer ends: OpenAI's; those of TGI, Together and DeepInfra; those
# that gateways pass on from Anthropic and Gemini. Whatever else is said, or nothing, cuts it off.
_WHOLE_REASONS = frozenset(
    {
        "stop", "tool_calls", "function_call", "eos", "eos_token", "stop_sequence", "end_turn",
        "tool_use", "complete", "completed", "finish_reason_stop",
    }
)  # fmt: skip
# Of those that cut it off, the ones that name a length: OpenAI's, Anthropic's, Mistral's, Gemini's;
# Anthropic's and Zhipu's for a window that is full.
_LENGTH_REASONS = frozenset(
    {"length", "max_tokens", "model_length", "max_output_tokens", "model_context_window_exceeded"}
)
# Those by which a server says that it has failed: gateways; Zhipu, DeepSeek when it has too much to
# do, vLLM when its engine stops.
_FAILED_REASONS = frozenset(
    {"error", "error_finish", "network_error", "insufficient_system_resource", "abort"}
)
# OpenAI's; those of Gemini, Anthropic, Bedrock and Zhipu.
_REFUSED_REASONS = frozenset(
    {
        "content_filter", "content_filtered", "safety", "recitation", "blocklist",
        "prohibited_content", "spii", "refusal", "guardrail_intervened", "sensitive",
        "language",
    }
)  # fmt: skip
# Parts of an answer that are for a reader: OpenAI's, and those without a kind.
_TEXT_PARTS = frozenset({"text", "output_text", ""})
# Where the request of an error went that stood in an answer.
ANSWERED_HOST = "answered.invalid"
# What a header says is more than this is no cost of a call.
_MOST_USD_OF_A_CALL = 10_000.0
# What servers want back with the results of calls: the thoughts of DeepSeek, Kimi, OpenRouter and
# Claude (LiteLLM); of each call Gemini's signature of them, its own or LiteLLM's field.
_KEPT_OF_MESSAGE = ("reasoning_content", "reasoning_details", "thinking_blocks")
_KEPT_OF_CALL = ("extra_content", "provider_specific_fields")
# Where servers put what a model thinks aloud.
_THOUGHTS = ("reasoning_content", "reasoning")
# What to do where there is nothing else.
ONLY_THOUGHTS = (
    "the server hands over the model's thoughts alone; has it the reasoning parser of this model?"
)
# What tells an error in a body without an answer.
_ERROR_FIELDS = ("error", "errors", "detail", "message", "error_msg", "base_resp", "code")


@dataclass(frozen=True)
class Reply:
    """What came back: the text, why it ends there, and what it cost."""

    text: str
    cut_off: bool
    refused: bool
    usage: Usage
    tool_calls: tuple[ToolCall, ...] = ()
    read_tokens: int = 0
    """The tokens of the prompt that the server has read, cached ones included; 0 if it says none.
    """
    is_out_of_room: bool = False
    """Whether it is cut off at a limit on its length: that which was given, or one of the server's.
    """
    kept_fields: str = ""
    """What the server may want back of the message (`Turn.kept_fields`)."""
    thoughts_alone: str = ""
    """What the model has thought, where its server hands over nothing else; empty as a rule."""


def find_error(completion: object, key: str | None = None) -> openai.APIStatusError | None:
    """The error that a server has put into a response with the status of an answer, if any.

    OpenRouter does so for failures on the way, beside the choices or in one; MiniMax and Baidu
    have fields of their own. Others only name a failure as the reason for which the answer ends.

    Args:
        completion: What the SDK returned.
        key: The key that was sent, which the error may repeat.
    """
    if isinstance(completion, list) and completion:
        return find_error(completion[0], key)
    if not isinstance(completion, ChatCompletion):
        return None
    extra: Mapping[str, Any] = completion.model_extra or {}
    if extra.get("error"):
        return _build_error(extra["error"], completion, key)
    choice = _read_choice(completion)
    if choice is not None:
        error = _find_failure(choice)
        return _build_error(error, completion, key) if error else None
    is_error = any(map(extra.get, _ERROR_FIELDS))
    return _build_error(dict(extra), completion, key) if is_error else None


def _find_failure(choice: Choice) -> object:
    """What a choice says of a failure, if anything."""
    extra: Mapping[str, Any] = choice.model_extra or {}
    reason = _read_reason(choice)
    native = str(extra.get("native_finish_reason") or "").lower()
    # OpenRouter tells any failure by one word, and beside it that it is the model that has failed.
    if reason in _FAILED_REASONS and native in BAD_GENERATION_CODES:
        return {"message": f"the answer has ended by {native}", "code": native}
    if not extra.get("error") and reason in _FAILED_REASONS:
        return {"message": f"the answer has ended by {reason}", "code": reason}
    return extra.get("error")


def _build_error(
    body: object, completion: ChatCompletion, key: str | None
) -> openai.APIStatusError:
    code = body.get("code") if isinstance(body, Mapping) else None
    number = int(str(code)) if str(code).isdecimal() else 0
    status = number if 400 <= number < 600 else HIDDEN_ERROR_STATUS
    # Only what reads it needs a request: it was answered already.
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    request = httpx2.Request("POST", f"http://{ANSWERED_HOST}", headers=headers)
    counts = {
        name: count
        for name in ("prompt_tokens", "completion_tokens")
        if isinstance(count := getattr(completion.usage, name, None), int)
    }
    response = httpx2.Response(status, request=request, json={"usage": counts})
    return openai.APIStatusError("An error in an answer", response=response, body=body)


def read_reply(
    completion: object, prompt_tokens: int, *, asked_flex: bool = False, told_cost: str = ""
) -> Reply:
    """Read a completion, whose fields the SDK does not validate.

    Args:
        completion: What the SDK returned: a completion, or the text of any other page.
        prompt_tokens: An estimate of what was sent, for servers that count no tokens.
        asked_flex: Whether the cheap and slow tier was asked for.
        told_cost: What a header says that the call has cost, in dollars.

    Raises:
        ModelAnswerError: It is not a completion at all.
    """
    choice = _read_choice(completion)
    message: object = choice.message if choice else None
    if (
        not isinstance(completion, ChatCompletion)
        or choice is None
        or not isinstance(message, ChatCompletionMessage)
    ):
        raise ModelAnswerError(
            "The provider's response is no chat completion; is the base address right?"
        )
    said, refused = _read_content(message.content)
    reason = _read_reason(choice)
    is_refused = reason in _REFUSED_REASONS or bool(message.refusal) or refused
    return Reply(
        text=strip_thoughts(said),
        cut_off=reason not in _WHOLE_REASONS and not is_refused,
        refused=is_refused,
        usage=_price_usage(
            _read_usage(completion, prompt_tokens, said), completion, asked_flex, told_cost
        ),
        tool_calls=_read_tool_calls(message.tool_calls) or read_channel_calls(said),
        read_tokens=_read_prompt_tokens(completion.usage),
        is_out_of_room=reason in _LENGTH_REASONS and not is_refused,
        kept_fields=_read_kept_fields(message, _KEPT_OF_MESSAGE),
        thoughts_alone="" if said.strip() else _read_thoughts(message),
    )


def _read_choice(completion: object) -> Choice | None:
    # A list of choices in name only: the SDK builds whatever it is sent.
    choices: object = completion.choices if isinstance(completion, ChatCompletion) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, Choice) else None


def _read_reason(choice: Choice) -> str:
    """Why the answer ends there, in lower case; empty if nothing is said."""
    reason: object = choice.finish_reason
    return reason.lower() if isinstance(reason, str) else ""


def _read_content(content: object) -> tuple[str, bool]:
    """The words of an answer, without parts that are thoughts, and whether it declines.

    Mistral and gateways before Anthropic answer a list of parts with a `type` each.
    """
    if isinstance(content, str):
        return _mend(content), False
    texts = []
    refused = False
    for part in content if isinstance(content, list) else []:
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, Mapping):
            kind = str(part.get("type") or "")
            text = part.get("text")
            refused = refused or kind == "refusal"
            if kind in _TEXT_PARTS and isinstance(text, str) and not part.get("thought"):
                texts.append(text)
    return _mend("".join(texts)), refused


def _read_tool_calls(calls: object) -> tuple[ToolCall, ...]:
    """The calls that have a name."""
    read = []
    for call in calls if isinstance(calls, list) else []:
        function = getattr(call, "function", None)
        name = getattr(function, "name", None)
        arguments = getattr(function, "arguments", None)
        if isinstance(name, str) and name:
            text = _read_arguments(arguments)
            kept = _read_kept_fields(call, _KEPT_OF_CALL)
            read.append(
                ToolCall(name=_mend(_clean_name(name)), arguments=_mend(text), kept_fields=kept)
            )
    return tuple(read)


def _read_arguments(arguments: object) -> str:
    """The arguments of a call as its model wrote them.

    Some servers give an object, not text; JSON in a text of JSON; or `null` for none (vLLM, of
    GLM), which they do not take back.
    """
    if not isinstance(arguments, str):
        return json.dumps(arguments or {})
    try:
        value = json.loads(arguments)
    except (ValueError, RecursionError):
        return arguments
    if isinstance(value, str):
        return value
    return "{}" if value is None else arguments


def _read_thoughts(message: ChatCompletionMessage) -> str:
    extra: Mapping[str, Any] = message.model_extra or {}
    said = [extra[name] for name in _THOUGHTS if isinstance(extra.get(name), str)]
    return _mend(next((text for text in said if text.strip()), ""))


def _read_kept_fields(part: Any, names: Sequence[str]) -> str:
    """Some fields of a message or call as a JSON object; empty if it has none of them."""
    extra: Mapping[str, Any] = part.model_extra or {}
    fields = {name: extra[name] for name in names if extra.get(name)}
    return _mend(json.dumps(fields, ensure_ascii=False)) if fields else ""


def _clean_name(name: str) -> str:
    """A tool's name without what vLLM leaves of gpt-oss's channels around it."""
    return name.partition("<|")[0].strip().removeprefix("functions.") or name


def _mend(text: str) -> str:
    """The text without halves of surrogate pairs, which JSON can hold and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode()


def _read_cached_tokens(counted: CompletionUsage) -> int:
    """What of the prompt the server had read before.

    In the details (OpenAI, Azure, Gemini, xAI, Groq, vLLM), or beside the other counts: DeepSeek's
    `prompt_cache_hit_tokens`, Moonshot's `cached_tokens`. What gateways before Anthropic count
    apart from the prompt (`cache_read_input_tokens`) is no part of it.
    """
    extra: Mapping[str, Any] = counted.model_extra or {}
    details: object = counted.prompt_tokens_details
    said = (
        getattr(details, "cached_tokens", None),
        extra.get("prompt_cache_hit_tokens"),
        extra.get("cached_tokens"),
    )
    cached = max((count for count in said if isinstance(count, int)), default=0)
    return min(max(cached, 0), counted.prompt_tokens)


def _read_usage(completion: ChatCompletion, prompt_tokens: int, text: str) -> Usage:
    counted: object = completion.usage
    if (
        isinstance(counted, CompletionUsage)
        and isinstance(counted.prompt_tokens, int)
        and isinstance(counted.completion_tokens, int)
        and counted.prompt_tokens > 0
    ):
        return Usage(
            *(1, counted.prompt_tokens, _read_output_tokens(counted)),
            cached_tokens=_read_cached_tokens(counted),
        )
    return Usage(1, prompt_tokens, estimate_tokens(text), estimated=True)


def _price_usage(
    usage: Usage, completion: ChatCompletion, asked_flex: bool, told_cost: str
) -> Usage:
    """The usage with what its price depends on, and with the price that the provider tells.

    Who served it by another tier than was asked for says so (OpenAI, Groq: `service_tier`). The
    cost stands in a header (LiteLLM's `x-litellm-response-cost`) or in the usage (OpenRouter's
    `cost`; LiteLLM's, of a stream, by a setting).
    """
    tier: object = completion.service_tier
    if tier == "flex" if isinstance(tier, str) else asked_flex:
        usage = replace(
            usage,
            flex_input_tokens=usage.input_tokens,
            flex_output_tokens=usage.output_tokens,
            flex_cached_tokens=usage.cached_tokens,
        )
    extra = completion.usage.model_extra if isinstance(completion.usage, CompletionUsage) else None
    for said in (told_cost, (extra or {}).get("cost")):
        told_usd = _read_usd(said)
        if told_usd is not None:
            return replace(usage, told_micro_usd=round(told_usd * MICRO_USD_PER_USD), told_calls=1)
    return usage


def _read_usd(said: object) -> float | None:
    """An amount of dollars, if it is one that a call can cost."""
    if not isinstance(said, (str, int, float)) or isinstance(said, bool):
        return None
    try:
        usd = float(said)
    except (ValueError, OverflowError):
        return None
    return usd if 0 < usd < _MOST_USD_OF_A_CALL else None


def _read_prompt_tokens(counted: object) -> int:
    """What was read, rather too much than too little; 0 where it is not counted.

    Gateways before Anthropic and some others count cached tokens apart, beside the prompt's.
    """
    if not isinstance(counted, CompletionUsage):
        return 0
    prompt_tokens: object = counted.prompt_tokens
    if not isinstance(prompt_tokens, int) or prompt_tokens <= 0:
        return 0
    extra: Mapping[str, Any] = counted.model_extra or {}
    details: object = counted.prompt_tokens_details
    apart = [
        getattr(details, "cached_tokens", None),
        extra.get("cache_read_input_tokens"),
        extra.get("cache_creation_input_tokens"),
        extra.get("prompt_cache_hit_tokens"),
    ]
    return prompt_tokens + sum(count for count in apart if isinstance(count, int))


def _read_output_tokens(counted: CompletionUsage) -> int:
    """What was written, thoughts included: Gemini and xAI count those only in the total."""
    total = counted.total_tokens if isinstance(counted.total_tokens, int) else 0
    return max(counted.completion_tokens, total - counted.prompt_tokens)
