"""What a server reads of a prompt, by its own count, and what is remembered of it."""

import logging

import pytest
from openai.types.chat import ChatCompletion

from shared.deadline import Deadline
from shared.errors import ContextOverflowError
from shared.llm.chat_completions.chat_replies import read_reply
from shared.llm.chat_completions.prompt_limit import (
    PromptLimit,
    count_fewest_tokens,
    was_cut,
    was_full,
)
from shared.llm.token_estimate import estimate_tokens

PROSE = "Seals rest on the sand of the bay, and dive when the tide comes in. " * 300
DIGITS = "1250 0000 3125 7777 " * 1_500
# Lines in scripts whose vowels are signs of their own, or without spaces, and the fewest tokens of
# a hundred in five vocabularies (Gemma 4, Qwen 2 and 3.5, Llama 3, GPT-2): Gemma's, or Qwen's.
LINES = [
    ("भारत में शिक्षा का इतिहास बहुत पुराना है।\n", 1_000),
    ("বাংলাদেশের ইতিহাস অনেক পুরনো এবং সমৃদ্ধ।\n", 800),
    ("தமிழ் மொழி மிகவும் பழமையான மொழி ஆகும்.\n", 900),
    ("การเรียนรู้ภาษาไทยเป็นสิ่งที่น่าสนใจมาก\n", 1_000),
    ("海豹在沙滩上休息然后潜入水中寻找鱼\n", 1_200),
]


@pytest.mark.parametrize(("line", "tokens"), LINES)
def test_no_honest_count_is_a_cut_in_any_script(line, tokens):
    text = line * 100
    assert tokens < estimate_tokens(text)
    assert not was_cut(tokens, estimate_tokens(text), text)


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [("Seals dive.", 3, 3), ("1,250 seals (1999)", 5, 6), ("-- | --", 3, 3), ("", 0, 0)],
)
def test_the_fewest_tokens_of_a_text(text, least, most):
    assert least <= count_fewest_tokens(text) <= most


@pytest.mark.parametrize(
    ("read_tokens", "name", "cut"),
    [
        # 5,100 words and signs, and an estimate of 6,171 tokens.
        (5_100, "prose", False),
        (4_600, "prose", False),
        (3_000, "prose", True),
        # The size of a window, just so.
        (4_096, "prose", True),
        # Half of what was estimated, and all of it all the same: three digits a token.
        (12_000, "digits", False),
        (5_000, "digits", True),
        # Nothing is counted.
        (0, "prose", False),
        # Too short to tell.
        (12, "short", False),
    ],
)
def test_a_prompt_of_which_less_was_read_than_it_holds_was_cut(read_tokens, name, cut):
    text = {"prose": PROSE, "digits": DIGITS, "short": PROSE[:1_000]}[name]
    assert was_cut(read_tokens, estimate_tokens(text), text) is cut


def test_a_server_that_has_read_more_has_no_such_window():
    limit = PromptLimit(lambda: 0.0, logging.getLogger("test"))
    long = PROSE * 2
    assert not limit.was_cut(9_500, estimate_tokens(long), long)
    assert not limit.was_cut(4_096, 4_700, "Seals dive. " * 1_000)
    assert limit.was_cut(2_048, estimate_tokens(PROSE), PROSE)
    assert limit.was_cut(16_384, 3 * estimate_tokens(long), long)


def test_an_answer_that_ends_before_its_limit_has_filled_the_window():
    assert was_full(3_500, 596, 3_500)
    assert not was_full(3_500, 3_500, 3_500)
    assert not was_full(0, 596, 3_500)


@pytest.mark.parametrize(
    ("usage", "read_tokens"),
    [
        ({"prompt_tokens": 40, "completion_tokens": 1}, 40),
        (
            {
                "prompt_tokens": 40,
                "completion_tokens": 1,
                "prompt_tokens_details": {"cached_tokens": 30},
            },
            70,
        ),
        (
            {
                "prompt_tokens": 40,
                "completion_tokens": 1,
                "cache_read_input_tokens": 500,
                "cache_creation_input_tokens": 60,
            },
            600,
        ),
        ({"prompt_tokens": 0, "completion_tokens": 1}, 0),
        ({"prompt_tokens": None, "completion_tokens": 1}, 0),
        (None, 0),
    ],
)
def test_cached_tokens_were_read_too(usage, read_tokens):
    choice = {"message": {"content": "Seals."}, "finish_reason": "stop"}
    completion = ChatCompletion.construct(choices=[choice], usage=usage)
    assert read_reply(completion, 10).read_tokens == read_tokens


class Clock:
    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def limit(clock):
    return PromptLimit(clock, logging.getLogger("tests"))


def test_a_window_that_was_found_holds_for_an_hour(limit, clock):
    limit.check(20_000, Deadline.after(100))
    limit.note_cut(9_000, 4_096)
    limit.note_full(5_000)
    limit.check(3_072, Deadline.after(100))
    with pytest.raises(ContextOverflowError, match="reads 4096 tokens at once"):
        limit.check(3_073, Deadline.after(100))
    clock.seconds = 3_600
    limit.check(20_000, Deadline.after(100))


def test_a_prompt_that_took_too_long_is_tried_again_with_more_time_only(limit, clock):
    limit.note_slow(1_500, 100)
    limit.check(1_500, Deadline.after(50))
    limit.note_slow(8_000, 100)
    limit.note_slow(9_000, 100)
    limit.check(7_999, Deadline.after(50))
    with pytest.raises(ContextOverflowError, match="100 s were not enough"):
        limit.check(8_000, Deadline.after(110))
    limit.check(8_000, Deadline.after(130))
    clock.seconds = 3_600
    limit.check(8_000, Deadline.after(50))
