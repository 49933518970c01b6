"""Thoughts in many spellings, and answers that only look like some."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.llm.thoughts import strip_thoughts

DRAFT = '{"title": "Draft"}'
ANSWER = '{"title": "Answer"}'


@pytest.mark.parametrize(
    "text",
    [
        f"<think>Perhaps {DRAFT}.</think>{ANSWER}",
        f"<think>First {{a}} I think of {{'x': 1}}.</think>\n\n{ANSWER}",
        f"<THINK>\n{DRAFT}\n</THINK>{ANSWER}",
        f"{DRAFT}, no.</think>{ANSWER}",
        f"<thinking>{DRAFT}</thinking>{ANSWER}",
        f"<reasoning>{DRAFT}</reasoning>{ANSWER}",
        f"<think_intent>{DRAFT}</think_intent>{ANSWER}",
        f"<thought>{DRAFT}</thought>{ANSWER}",
        f"<mm:think>{DRAFT}</mm:think>{ANSWER}",
        f"<seed:think>{DRAFT}</seed:think>{ANSWER}",
        f"[THINK]{DRAFT}[/THINK]{ANSWER}",
        f"◁think▷{DRAFT}◁/think▷{ANSWER}",
        f"<|begin_of_thought|>{DRAFT}<|end_of_thought|>{ANSWER}",
        f"<|START_THINKING|>{DRAFT}<|END_THINKING|>{ANSWER}",
        f"<unused94>thought\n{DRAFT}<unused95>{ANSWER}",
        f"<|channel>thought\n{DRAFT}<channel|>{ANSWER}",
        f"<think>a</think> <think>{DRAFT}</think>{ANSWER}",
        f"<think>a <think>{DRAFT}</think> b</think>{ANSWER}",
        f"<|channel|>analysis<|message|>{DRAFT}<|end|><|start|>assistant"
        f"<|channel|>final<|message|>{ANSWER}<|return|>",
        f"<|channel|>analysis<|message|>{DRAFT}<|end|><|start|>assistant"
        f"<|channel|>final <|constrain|>JSON<|message|>{ANSWER}",
        f"<think>I close with `</think>` {DRAFT}</think>{ANSWER}",
        f"analysisPerhaps {DRAFT}.assistantfinal{ANSWER}",
        f"analysisPerhaps {DRAFT}.assistantfinaljson{ANSWER}",
    ],
)
def test_thoughts_are_taken_off(text):
    assert strip_thoughts(text).strip() == ANSWER


@pytest.mark.parametrize(
    "text",
    [
        f"<think>{DRAFT}",
        f"\n<thinking>{DRAFT}",
        f"{DRAFT}</think>",
        f"<|channel|>analysis<|message|>{DRAFT}",
        f"<|channel|>commentary<|message|>{DRAFT}<|end|>",
    ],
)
def test_a_draft_without_an_answer_is_none(text):
    assert strip_thoughts(text).strip() == ""


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"text": "They write <think>so</think> here"}),
        json.dumps({"text": "It ends with </think>."}),
        f"Here: ```json\n{json.dumps({'text': 'a </think> b'})}\n```",
        "The tag <think> opens a thought.",
        "It begins so. A thought ends with `</think>` in the text.",
        "First the tag `<think>`, then `</think>`: all between is a thought.",
        'The mark "</think>" closes it, and \u201c</thinking>\u201d too.',
        "analysis of the final assistant",
        "Thinking is free.",
    ],
)
def test_what_only_looks_like_a_thought_stays(text):
    assert strip_thoughts(text) == text


def test_a_sentence_before_the_thoughts_stays():
    assert strip_thoughts(f"Sure. <think>{DRAFT}</think>Done.") == "Sure. Done."


@given(st.text(max_size=200).filter(lambda text: not any(mark in text for mark in "<[◁")))
def test_a_text_without_tags_is_left_as_it_is(text):
    assert text.lstrip().startswith("analysis") or strip_thoughts(text) == text


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    [
        "{" * 100_000 + "</think>",
        "<think>" * 20_000,
        "</think>" * 20_000,
        "{}" * 50_000 + "<think>",
    ],
)
def test_hostile_texts_are_read_quickly(text):
    strip_thoughts(text)
