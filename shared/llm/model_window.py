"""What a model reads and writes at once, and how text is packed into it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from shared.llm.token_estimate import TOKENS_AROUND_SOURCES, estimate_tokens
from shared.settings import Settings

ItemT = TypeVar("ItemT")

# What is written about a chunk at the most. With names and dates; they are short, so forty of each
# fit as well.
MAX_CHUNK_OUTPUT_TOKENS = 3_500

_MOST_COMBINED_TOKENS = 16_000

# A quarter of such a window has no room for an answer with all names and dates in it.
_SMALL_TOKENS = 8_000


@dataclass(frozen=True)
class ModelWindow:
    """A model's window: how much it reads and writes, all told.

    Args:
        tokens: Its size, by `estimate_tokens`.
        most_chunk_tokens: The most tokens of a chunk, if that is to be less than the window holds.
    """

    tokens: int
    most_chunk_tokens: int | None = None

    @property
    def chunk_tokens(self) -> int:
        """The size of a chunk of text: as much as the window holds, unless a limit is set.

        Addresses of stored texts hold it: see `text_address`.
        """
        return min(self.most_chunk_tokens or self._source_tokens, self._source_tokens)

    @property
    def combine_tokens(self) -> int:
        """The most tokens of summaries in one request."""
        return min(_MOST_COMBINED_TOKENS, self._source_tokens)

    @property
    def is_small(self) -> bool:
        """Whether an answer about a full chunk has no room for names and dates as well."""
        return self.tokens <= _SMALL_TOKENS

    @property
    def _source_tokens(self) -> int:
        """The room for sources, with a quarter of the window left for the answer."""
        return self.tokens * 3 // 4 - TOKENS_AROUND_SOURCES

    def limit_answer(self, most_tokens: int) -> int:
        """What an answer may have that needs so much at the most: a quarter of the window."""
        return min(most_tokens, self.tokens // 4)

    def find_room(self, answer_tokens: int, *texts: str) -> int:
        """What is left for further text beside an answer and what is said around it.

        Args:
            answer_tokens: What the answer may have.
            texts: What the prompt says besides.
        """
        return self.tokens - answer_tokens - sum(map(estimate_tokens, texts))


def build_window(settings: Settings) -> ModelWindow:
    """The window that the settings name."""
    return ModelWindow(settings.context_window_tokens, settings.chunk_tokens)


def pack(
    items: Iterable[ItemT],
    weigh: Callable[[ItemT], float],
    most: float,
    *,
    least_items: int = 1,
    begins: Callable[[ItemT], bool] = lambda item: False,
) -> Iterator[list[ItemT]]:
    """Pack items that follow one another into groups, each as full as it gets.

    Lazy: no more than one group and one item is held.

    Args:
        items: The items, in order.
        weigh: What an item takes up.
        most: What a group may take up; an item that is larger is a group by itself.
        least_items: A group has as many items at the least, whatever they take up; the last one
            may have fewer.
        begins: Whether a group has to begin with an item.
    """
    group: list[ItemT] = []
    weight = 0.0
    for item in items:
        item_weight = weigh(item)
        is_full = len(group) >= least_items and weight + item_weight > most
        if group and (is_full or begins(item)):
            yield group
            group, weight = [], 0.0
        group.append(item)
        weight += item_weight
    if group:
        yield group
