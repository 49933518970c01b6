"""Parts of the console: how far it looks for what is rare, and how texts of models are shown."""

import pytest

from functions.console import looking
from functions.console.looking import look_through
from functions.console.words import show_prose


def make_pages(*pages):
    """What reads pages of a list; the cursor is the number of the next one."""
    asked = []

    def read_page(cursor, most):
        asked.append(most)
        number = int(cursor or 0)
        following = str(number + 1) if number + 1 < len(pages) else None
        return list(pages[number]), following

    return read_page, asked


def test_it_goes_on_by_itself_until_some_is_found():
    read_page, asked = make_pages(*[[]] * 7, ["a"], ["b"])
    look = look_through(read_page, None, 50)
    assert (look.found, look.cursor, look.rows) == (["a"], "8", 4000)
    assert len(asked) == 8


def test_a_poll_looks_no_further_than_what_is_found_is_filled_up():
    read_page, asked = make_pages(*[[]] * 7, ["a"])
    look = look_through(read_page, None, 50, is_polled=True)
    assert (look.found, look.cursor, look.rows, len(asked)) == ([], "2", 1000, 2)
    assert not look.is_long
    assert look_through(read_page, None, 50).is_long


def test_it_goes_on_to_the_end_of_the_list():
    read_page, _ = make_pages(*[[]] * 5)
    look = look_through(read_page, "1", 50)
    assert (look.found, look.cursor, look.rows) == ([], None, 2000)


def test_it_asks_after_a_bound(monkeypatch):
    read_page, _ = make_pages(*[[]] * 100)
    look = look_through(read_page, None, 50)
    assert (look.found, look.cursor, look.rows) == ([], "20", 10_000)
    monkeypatch.setattr(looking, "_PATIENCE_FOR_ANY_SECONDS", -1)
    assert look_through(read_page, None, 50).cursor == "1"


def test_what_is_found_is_filled_up_in_few_steps():
    read_page, asked = make_pages(["a"], ["b"], ["c"])
    look = look_through(read_page, None, 50)
    assert (look.found, look.cursor, asked) == (["a", "b"], "2", [50, 49])
    read_page, _ = make_pages(["a", "b", "c"], ["d"])
    assert look_through(read_page, None, 2).found == ["a", "b"]


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
