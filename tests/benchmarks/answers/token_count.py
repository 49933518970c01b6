"""Tokens as the vocabularies of today's models have them, without any of these.

Before they merge letters, GPT's vocabularies cut a text into words with the space before them, up
to three digits, runs of signs, and white space (the pattern of `o200k_base` in tiktoken). Common
words are one token then; a longer word is counted as one more for each eight letters, since names
and rare words are several.
"""

import re

_PIECE = re.compile(r" ?[^\W\d_]+|\d{1,3}| ?[^\w\s]+|_+|\s+")
_LETTERS_OF_A_TOKEN = 8


def count_tokens(text: str) -> int:
    """About how many tokens a text has for a model: neither too many on purpose nor too few."""
    return sum(
        1 + (len(piece.strip()) - 1) // _LETTERS_OF_A_TOKEN if piece.strip().isalpha() else 1
        for piece in _PIECE.findall(text)
    )
