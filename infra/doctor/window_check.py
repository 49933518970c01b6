"""Whether a model's server on this machine reads as much as ContextWindowTokens says.

Some cut what is too long without a word (see `shared/llm/chat_completions/prompt_limit.py`), and a
server's own default is often 4,096 tokens. It is asked only where that costs nothing: here.
"""

import http.client
import json
import time
from collections.abc import Callable
from http import HTTPStatus

from infra.doctor.check import Check, passed, skipped, warned
from infra.doctor.model_server import ServerAnswer, ask_server
from infra.local.parameters import is_on_this_machine
from shared.llm.base_address import read_base_address
from shared.llm.chat_completions.prompt_limit import was_cut
from shared.llm.token_estimate import estimate_tokens

_NAME = "model window"
# More than the most common window that is too small.
_FIRST_TOKENS = 4_500
# What of a window a prompt takes up at the most.
_PROMPT_SHARE = 0.75
_TIMEOUT_SECONDS = 120.0
# A server that takes longer for the first prompt is not sent the long one.
_FAST_SECONDS = 15.0
_WORD = "tide "


def check_window(
    base_url: str,
    model: str,
    api_key: str,
    window_tokens: int,
    *,
    timeout_seconds: float = _TIMEOUT_SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> Check:
    """Have a model on this machine read prompts of known lengths, and look at what it counts.

    Args:
        base_url: Address of the server.
        model: The model.
        api_key: The key; may be empty.
        window_tokens: What ContextWindowTokens says.
        timeout_seconds: The longest wait for each of two prompts.
        clock: A monotonic clock, in seconds.
    """
    if not is_on_this_machine(base_url):
        return skipped(_NAME, "not tried: only a model on this machine reads for nothing")
    longest = int(window_tokens * _PROMPT_SHARE)
    advice = "Set ContextWindowTokens to the window that it has, or give it a larger one."
    for tokens in sorted({min(_FIRST_TOKENS, longest), longest}):
        prompt = _WORD * tokens
        started = clock()
        try:
            answer = _send_prompt(base_url, model, api_key, prompt, timeout_seconds)
            read = _count_read_tokens(answer.body) if answer.status == HTTPStatus.OK else 0
        except (OSError, http.client.HTTPException, ValueError):
            words = f"{tokens} tokens were not read in {timeout_seconds:.0f} s"
            return warned(
                _NAME, words, "On a slow machine set ChunkTokens, so that calls are shorter."
            )
        if answer.status != HTTPStatus.OK:
            words = f"a prompt of {tokens} tokens is refused ({answer.status})"
            return warned(_NAME, words, advice)
        if not read:
            return warned(_NAME, "the server counts no tokens, so that a cut is not seen", advice)
        if was_cut(read, estimate_tokens(prompt), prompt):
            words = f"it read {read} of {tokens} tokens, and dropped the rest without a word"
            return warned(_NAME, words, advice)
        if clock() - started > _FAST_SECONDS:
            break
    return passed(_NAME, f"{tokens} tokens are read at once")


def _send_prompt(
    base_url: str, model: str, api_key: str, prompt: str, timeout_seconds: float
) -> ServerAnswer:
    # In one message: not every model takes one of the system.
    messages = [{"role": "user", "content": f"Answer in one word.\n\n{prompt}"}]
    url = read_base_address(base_url).name_endpoint("chat/completions")
    content = {"model": model, "max_tokens": 1, "messages": messages}
    return ask_server(url, api_key, timeout_seconds, content)


def _count_read_tokens(body: bytes) -> int:
    """How many tokens of a prompt a server says to have read; 0 if it does not say.

    Raises:
        ValueError: The answer is not JSON.
    """
    answer = json.loads(body)
    usage = answer.get("usage") if isinstance(answer, dict) else None
    count = usage.get("prompt_tokens") if isinstance(usage, dict) else None
    return count if isinstance(count, int) else 0
