"""What a file inside of a document is called, as a document and in its key."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.ledger.children import plan_child, to_key_name
from shared.ledger.documents import Document

HASH = "ab" * 32
ID = "d0123456789abcdef0123"


def make_document(**fields):
    times = {"received_at": "t", "updated_at": "t"}
    return Document(
        document_id=ID, bucket="b", key="board.pdf", status="RECEIVED", **times, **fields
    )


@pytest.mark.parametrize(
    ("name", "key_name"),
    [
        ("plan.pdf", "plan.pdf"),
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\Users\\me\\plan (1).pdf", "plan (1).pdf"),
        ("..", "file"),
        ("", "file"),
        (".pdf", "pdf"),
        ("a\x00b\x07.pdf", "a_b_.pdf"),
        ("right\u202eleft.pdf", "right_left.pdf"),
        ("\u0b95\u0bbf \u65e5\u672c.pdf", "\u0b95\u0bbf \u65e5\u672c.pdf"),
        ("\u65e5" * 120 + ".pdf", "\u65e5" * 58 + ".pdf"),
        ("n" * 120 + "." + "x" * 20, "n" * 120 + "." + "x" * 20),
    ],
)
def test_names_from_inside_as_the_last_part_of_a_key(name, key_name):
    assert to_key_name(name) == key_name


@given(st.text())
def test_any_name_is_a_harmless_part_of_a_key(name):
    made = to_key_name(name)
    assert 0 < len(made.encode()) <= 180
    assert not set(made) & set("/\\%\n\r\t")
    assert made.strip(".")
    assert all(unicodedata.category(character)[0] in "LMNPSZ" for character in made)


def test_a_child_is_the_same_for_the_same_bytes():
    first, again = (plan_child(make_document(), "a.pdf", HASH) for _ in range(2))
    assert first == again
    assert (first.parent, first.root, first.depth) == (ID, ID, 1)
    assert first.key == f"children/{ID}/{HASH[:20]}/a.pdf"
    assert first.name == "board.pdf \u203a a.pdf"


def test_a_child_of_a_child_knows_the_document_at_the_top():
    parent = make_document(parent="d1", root="d2", depth=1, name="mail \u203a board.pdf")
    child = plan_child(parent, "a.pdf", HASH)
    assert (child.parent, child.root, child.depth) == (ID, "d2", 2)
    assert child.name == "mail \u203a board.pdf \u203a a.pdf"
