"""How texts of models are shown in the console."""

import pytest

from functions.console.words import show_prose


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("The **total** is `12`.", "The <strong>total</strong> is <code>12</code>."),
        ("## Costs\n- one\n* two", "<strong>Costs</strong>\n• one\n• two"),
        ("2 ** 3 ** 4, __init__ and #1", "2 ** 3 ** 4, __init__ and #1"),
        ("-5 degrees", "-5 degrees"),
        ("**<img src=x>**", "<strong>&lt;img src=x&gt;</strong>"),
        ("`a` <script>", "<code>a</code> &lt;script&gt;"),
        ("a ** b **c** d", "a ** b <strong>c</strong> d"),
    ],
)
def test_what_a_model_sets_in_bold_is_bold_and_nothing_of_it_is_html(text, html):
    assert show_prose(text) == html
