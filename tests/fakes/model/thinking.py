"""How models mark their thoughts; each holds a draft that fits what was asked for, and is wrong."""

import json
from collections.abc import Callable
from typing import Any

SECRET = "SECRET-THOUGHT"

SPELLINGS: dict[str, Callable[[str, str], Any]] = {
    "closed": lambda thought, answer: f"<think>\n{thought}\n</think>\n\n{answer}",
    "only the closing tag": lambda thought, answer: f"{thought}\n</think>\n\n{answer}",
    "thinking": lambda thought, answer: f"<thinking>{thought}</thinking>{answer}",
    "reasoning": lambda thought, answer: f"<reasoning>{thought}</reasoning>\n{answer}",
    "seed": lambda thought, answer: f"<seed:think>{thought}</seed:think>{answer}",
    "channels": lambda thought, answer: (
        f"<|channel|>analysis<|message|>{thought}<|end|><|start|>assistant"
        f"<|channel|>final<|message|>{answer}<|return|>"
    ),
    "parts": lambda thought, answer: [
        {"type": "thinking", "thinking": [{"type": "text", "text": thought}]},
        {"type": "text", "text": answer},
    ],
    "a field": lambda thought, answer: answer,
}


def add_thoughts(message: dict[str, Any], spelling: str) -> None:
    """Let a message think before it answers."""
    answer = message.get("content")
    if not answer:
        return
    thought = f"Perhaps {_write_draft(answer)}, but no. {SECRET}"
    if spelling == "a field":
        message["reasoning_content"] = thought
    message["content"] = SPELLINGS[spelling](thought, answer)


def _write_draft(answer: str) -> str:
    try:
        return json.dumps(_spoil(json.loads(answer)))
    except ValueError:
        return SECRET


def _spoil(value: Any) -> Any:
    """The same shape with the mark of a draft in every text."""
    if isinstance(value, str):
        return f"{SECRET} {value}"
    if isinstance(value, list):
        return [_spoil(item) for item in value]
    if isinstance(value, dict):
        return {key: _spoil(item) for key, item in value.items()}
    return value
