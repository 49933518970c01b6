"""Notice a server that reads less than it was sent, and remember how long a prompt may be.

Ollama, for one, drops the start of what its window does not hold, and answers as if nothing had
happened: only the tokens that it counts tell ("Context length" in its documentation).
"""

import logging
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass

from shared.deadline import Deadline
from shared.errors import ContextOverflowError

# Below this a count says nothing: what servers put around a prompt weighs as much.
_LEAST_PROMPT_TOKENS = 1_000
_CERTAIN_SHARE = 0.9
_LEAST_WINDOW_TOKENS = 1_024
# What a window holds besides the prompt is the answer (see `ModelWindow`).
_PROMPT_SHARE = 0.75
_MEMORY_SECONDS = 3600.0
# A prompt that took too long may be sent again where there is clearly more time.
_MORE_TIME = 1.2

# Vowel signs, accents and joiners are parts of words, and no letters by their class (`\w`): Hindi
# would come apart at each of them.
_MARK = r"[\u00ad\u0300-\u1fff\u200b-\u200f\u3099\u309a\ua800-\uabff](?<![\d\s])"
# Punctuation stands alone in most vocabularies, unless a letter follows; in some a year is a token.
_PIECE = re.compile(rf"[^\W\d_](?:[^\W\d_]|{_MARK})*|\d{{1,4}}|[^\w\s]+(?=\s|$)")
_LONGEST_LETTERS_PER_TOKEN = 12


def count_fewest_tokens(text: str) -> int:
    """The tokens that a text has at the least in any vocabulary: words, fours of digits, signs.

    Scripts without spaces come out far too low.
    """
    return sum(1 + (len(piece) - 1) // _LONGEST_LETTERS_PER_TOKEN for piece in _PIECE.findall(text))


def was_cut(read_tokens: int, prompt_tokens: int, text: str, most_read_tokens: int = 0) -> bool:
    """Whether a server has read less than it was sent.

    Half of an estimate is no evidence by itself: an estimate comes to up to three times the
    tokens, for pages of digits. So a count has to be less than the fewest tokens that the text can
    have; or it is just the size of a window, a power of two, and less than was estimated.

    Args:
        read_tokens: What it has counted, cached tokens included; 0 if it counts none.
        prompt_tokens: What was sent, by estimate.
        text: What was sent.
        most_read_tokens: The most that the server is known to have read at once: a window is no
            smaller than that.
    """
    if not 0 < read_tokens < prompt_tokens or prompt_tokens < _LEAST_PROMPT_TOKENS:
        return False
    is_window = (
        read_tokens >= max(_LEAST_WINDOW_TOKENS, most_read_tokens) and read_tokens.bit_count() == 1
    )
    return is_window or read_tokens < _CERTAIN_SHARE * count_fewest_tokens(text)


def was_full(read_tokens: int, written_tokens: int, max_tokens: int) -> bool:
    """Whether an answer ended early as the window was full, and not at its own limit.

    Args:
        read_tokens: The tokens of the prompt, as counted by the server; 0 if it counts none.
        written_tokens: The tokens of the answer that was cut off.
        max_tokens: The most that it was allowed.
    """
    return read_tokens >= _LEAST_PROMPT_TOKENS and written_tokens < _CERTAIN_SHARE * max_tokens


@dataclass(frozen=True)
class _TooSlow:
    prompt_tokens: int
    seconds: float


class PromptLimit:
    """How long a prompt may be, by what a server has shown in the last hour. Thread-safe.

    Args:
        clock: A monotonic clock, in seconds.
        logger: Where a window that was found goes.
    """

    def __init__(self, clock: Callable[[], float], logger: logging.Logger) -> None:
        self._clock = clock
        self._logger = logger
        self._lock = threading.Lock()
        self._until = 0.0
        self._window_tokens: int | None = None
        self._too_slow: _TooSlow | None = None
        self._most_read_tokens = 0

    def was_cut(self, read_tokens: int, prompt_tokens: int, text: str) -> bool:
        """Whether a prompt was cut (`was_cut`), by all that is known of the server."""
        with self._lock:
            is_cut = was_cut(read_tokens, prompt_tokens, text, self._most_read_tokens)
            self._most_read_tokens = max(self._most_read_tokens, read_tokens)
        return is_cut

    def check(self, prompt_tokens: int, deadline: Deadline) -> None:
        """Pass if nothing is known against a prompt that could be divided.

        Args:
            prompt_tokens: About how many tokens it has.
            deadline: When its answer has to be there.

        Raises:
            ContextOverflowError: One of that size was cut, or took too long, a short while ago.
        """
        with self._lock:
            self._forget_what_is_old()
            window_tokens, slow = self._window_tokens, self._too_slow
        if window_tokens is not None and prompt_tokens > _PROMPT_SHARE * window_tokens:
            raise ContextOverflowError(
                f"The server reads {window_tokens} tokens at once and drops the rest: give it a "
                "larger context window, or set ContextWindowTokens to the one that it has"
            )
        if (
            slow is not None
            and prompt_tokens >= slow.prompt_tokens
            and deadline.remaining_seconds < _MORE_TIME * slow.seconds
        ):
            raise ContextOverflowError(
                f"{slow.seconds:.0f} s were not enough for the answer to a prompt of that size"
            )

    def note_cut(self, prompt_tokens: int, read_tokens: int) -> ContextOverflowError:
        """Remember that a prompt was cut.

        Returns:
            What to raise: nothing of the answer may count.
        """
        self._note_window(read_tokens)
        return ContextOverflowError(
            f"The server read {read_tokens} of about {prompt_tokens} tokens, and dropped the rest: "
            "give it a larger context window, or set ContextWindowTokens to the one that it has"
        )

    def note_full(self, window_tokens: int) -> ContextOverflowError:
        """Remember that a prompt and what was written of its answer filled a window.

        Returns:
            What to raise.
        """
        self._note_window(window_tokens)
        return ContextOverflowError(
            f"The server's window was full after {window_tokens} tokens, before the answer's end"
        )

    def _note_window(self, tokens: int) -> None:
        with self._lock:
            self._forget_what_is_old()
            self._window_tokens = min(tokens, self._window_tokens or tokens)
            self._until = self._clock() + _MEMORY_SECONDS
        self._logger.warning(
            "The model's context window was found to be of about %d tokens, less than "
            "ContextWindowTokens says. Texts are sent in smaller pieces.",
            tokens,
            extra={"action": "model_window_found", "window_tokens": tokens},
        )

    def note_slow(self, prompt_tokens: int, seconds: float) -> None:
        """Remember that a prompt had no answer in so much time, unless it is short anyway."""
        if prompt_tokens < 2 * _LEAST_PROMPT_TOKENS:
            return
        with self._lock:
            self._forget_what_is_old()
            known = self._too_slow
            if known is None or prompt_tokens <= known.prompt_tokens:
                self._too_slow = _TooSlow(prompt_tokens, seconds)
            self._until = self._clock() + _MEMORY_SECONDS

    def _forget_what_is_old(self) -> None:
        if self._clock() >= self._until:
            self._window_tokens = self._too_slow = None
