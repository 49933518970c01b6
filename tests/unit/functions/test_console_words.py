"""How texts of models are shown in the console."""

import pytest

from functions.console.words import show_prose


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("The **total** is `12`.", "The <strong>total</strong> is <code>12</code>."),
        ("## Costs\n- one\n* two", "<strong>Costs</strong>\n• one\n• two"),
        ("2 ** 3 ** 4, __init__ and #1", "2 ** 3 ** 4, __init__ and #1"),
        ("2**3 and 4**5, x**2 + y**2", "2**3 and 4**5, x**2 + y**2"),
        ("`a**2 + b**2` **c**", "<code>a**2 + b**2</code> <strong>c</strong>"),
        ("合計**二百**円, **3**.", "合計<strong>二百</strong>円, <strong>3</strong>."),
        ("-5 degrees\n+ 7 degrees", "-5 degrees\n+ 7 degrees"),
        ("**<img src=x>**", "<strong>&lt;img src=x&gt;</strong>"),
        ("`a` <script>", "<code>a</code> &lt;script&gt;"),
        ("a ** b **c** d", "a ** b <strong>c</strong> d"),
    ],
)
def test_what_a_model_sets_in_bold_is_bold_and_nothing_of_it_is_html(text, html):
    assert show_prose(text) == html
