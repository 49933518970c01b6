"""Messages in parts: text, and pictures as data URLs, as the Chat Completions API takes them."""

import base64
from typing import Any

# As a model that sees counts a page, about.
TOKENS_OF_PICTURE = 1_500
_STARTS = {"image/png": b"\x89PNG", "image/jpeg": b"\xff\xd8\xff", "image/webp": b"RIFF"}


def read_text(message: dict[str, Any]) -> str:
    """The text of a message, whole or in parts."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content if part["type"] == "text")


def read_question(body: dict[str, Any]) -> str:
    """What the user says first, which is where the sources are."""
    return read_text(next(message for message in body["messages"] if message["role"] == "user"))


def read_pictures(body: dict[str, Any]) -> list[bytes]:
    """The pictures in the messages of a call.

    Raises:
        ValueError: One is no data URL, or not of the format that it says.
    """
    pictures = []
    for message in body["messages"]:
        content = message.get("content")
        for part in content if isinstance(content, list) else ():
            if part["type"] != "image_url":
                continue
            kind, _, data = part["image_url"]["url"].removeprefix("data:").partition(";base64,")
            picture = base64.b64decode(data, validate=True)
            if not picture.startswith(_STARTS.get(kind, b"\0")):
                raise ValueError(f"it is no {kind}")
            pictures.append(picture)
    return pictures
