"""How much room an answer gets in the model's window, and once more where it was cut off."""

from shared.errors import ContextOverflowError, ModelAnswerError
from shared.llm.model_window import ModelWindow

# How much more room a cut-off answer gets: once, and a further cut is final.
_MORE_ROOM = 2
# With less than this left of the window, there is no sense in asking.
_MIN_ROOM_TOKENS = 300


class AnswerRoom:
    """The room of one answer.

    Args:
        asked_tokens: What the request allows for the answer.
        window: How much the model reads and writes.
        known_tokens: What an earlier run has found that it needs, as less was cut off; or 0.
    """

    def __init__(self, asked_tokens: int, window: ModelWindow, known_tokens: int = 0) -> None:
        self._asked_tokens = asked_tokens
        self._window = window
        self._wanted_tokens = max(asked_tokens, known_tokens)

    @property
    def found_tokens(self) -> int:
        """What the answer is known to need beyond what it was asked for with; 0 if nothing is."""
        return self._wanted_tokens if self._wanted_tokens > self._asked_tokens else 0

    def fit(self, prompt_tokens: int) -> int:
        """The most tokens that the answer to a prompt of about so many tokens may have.

        Raises:
            ContextOverflowError: The window has no room for an answer.
        """
        room_tokens = min(self._wanted_tokens, self._window.tokens - prompt_tokens)
        if room_tokens < min(self._asked_tokens, _MIN_ROOM_TOKENS):
            raise ContextOverflowError(
                f"About {prompt_tokens} tokens leave no room for an answer in the context window "
                f"of {self._window.tokens}"
            )
        return room_tokens

    def widen(self, given_tokens: int) -> None:
        """Allow more, as an answer was cut off at what it was given.

        Raises:
            ModelAnswerError: It had the most that there is.
        """
        if self.found_tokens or given_tokens < self._wanted_tokens:
            raise ModelAnswerError("The answer is cut off at its greatest length")
        self.note_cut()

    def note_cut(self) -> None:
        """Learn that the answer needs more than it was given."""
        self._wanted_tokens *= _MORE_ROOM
