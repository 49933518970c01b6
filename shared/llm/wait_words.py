"""What a person can do while work waits for a model: whose it is, what it says, the next step."""

from urllib.parse import urlsplit

from shared.errors import (
    DeferredError,
    ModelAccessError,
    ModelSlowError,
    ModelThrottledError,
    ModelUnavailableError,
)

_NEXT_STEPS: tuple[tuple[type[DeferredError], str], ...] = (
    # It says itself what to do.
    (ModelSlowError, ""),
    (
        ModelAccessError,
        "check the key, the account, OpenAiModel and OpenAiBaseUrl; work goes on once they are "
        "right",
    ),
    (
        ModelThrottledError,
        "work goes on by itself; for more at once raise the limit at the provider",
    ),
    (
        ModelUnavailableError,
        "work goes on by itself once it answers; see its status page or log",
    ),
)


def name_place(url: str) -> str:
    """The address of a server without its path and query, where keys travel too."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}" + (f":{parts.port}" if parts.port else "")


def add_next_step(error: DeferredError, model: str, place: str) -> None:
    """Say in an error of a model whose it is and what to do; the sentence stays the error's own.

    Args:
        error: What a call has ended with.
        model: The model's name.
        place: The address of its server.
    """
    step = next((step for kind, step in _NEXT_STEPS if isinstance(error, kind)), None)
    if step is None:
        return
    sentence = str(error)
    sentence = f"{model}: {sentence}" if place in sentence else f"{model} at {place}: {sentence}"
    error.args = (f"{sentence}; {step}" if step else sentence,)
