import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.llm.token_estimate import estimate_tokens, weigh_text


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        ("abcdefg", 2),
        ("12.5\n", 5),
        ("\u0434\u0430", 1),
        ("\u6771\u4eac", 3),
        ("\ud800", 1),
    ],
)
def test_estimates(text, tokens):
    assert estimate_tokens(text) == tokens


@given(st.text(), st.text())
def test_weights_add_up(one, other):
    assert weigh_text(one + other) == pytest.approx(weigh_text(one) + weigh_text(other))
