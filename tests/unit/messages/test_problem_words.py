"""What is wrong with a message is told in plain words, and never as a regular expression."""

from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.messages.problem_words import describe_problem


class Order(BaseModel):
    """One of each constraint that messages and requests have."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(default="a", min_length=1, max_length=3)
    long: str = Field(default="abcd", min_length=3)
    count: int = Field(default=1, ge=1, le=20)
    share: float = 0.5
    is_new: bool = False
    kinds: list[str] = Field(default=["x"], min_length=1, max_length=2)
    places: dict[str, str] = Field(default={})
    letter: Literal["a", "b"] = "a"
    day: str = Field(default="2026", pattern=r"^\d+$")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": ""}, "it is empty"),
        ({"name": "abcd"}, "it has more than 3 characters"),
        ({"long": "a"}, "it has fewer than 3 characters"),
        ({"name": 7}, "it has to be text"),
        ({"count": 0}, "it has to be 1 or more"),
        ({"count": 21}, "it has to be 20 or less"),
        ({"count": "x"}, "it has to be a whole number"),
        ({"share": "x"}, "it has to be a number"),
        ({"is_new": "x"}, "it has to be true or false"),
        ({"kinds": []}, "it is empty"),
        ({"kinds": ["a", "b", "c"]}, "it has more than 2 entries"),
        ({"kinds": 1}, "it has to be a list"),
        ({"places": 1}, "it has to be an object"),
        ({"letter": "c"}, "it has to be 'a' or 'b'"),
        ({"more": 1}, "it is not known here: leave it out, or mend its name"),
        ({"day": "x"}, "it has characters, or a form, that are not taken here"),
    ],
)
def test_each_problem_has_plain_words(given, words):
    with pytest.raises(ValidationError) as caught:
        Order.model_validate(given)
    (problem,) = caught.value.errors()
    assert describe_problem(problem) == words


def test_a_pattern_has_the_words_of_who_knows_it():
    with pytest.raises(ValidationError) as caught:
        Order.model_validate({"day": "x"})
    (problem,) = caught.value.errors()
    assert describe_problem(problem, {r"^\d+$": "it has to be digits"}) == "it has to be digits"
