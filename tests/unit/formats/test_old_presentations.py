"""Presentations of PowerPoint 97 to 2003: what slides show, in which version, and broken ones."""

import struct
import time
from random import Random

import pytest

from pipeline.extraction.readable_document import UnreadableDocumentError
from pipeline.formats.child import open_file
from shared.errors import RejectedDocumentError, RejectionCode
from tests.fakes.office.compound_files import make_compound_file
from tests.fakes.office.old_presentations import (
    BODY,
    CLASS_ID,
    ENCRYPTED,
    OTHER,
    TITLE,
    make_ppt,
    make_record,
    make_reference,
    make_shape,
    make_slide,
    make_text,
)
from tests.fuzz.format_mutations import mutate_bytes
from tests.project_files import PROJECT

FOLDER = PROJECT / "tests" / "documents"
FOOTER = "Harbour board of Ravnsund"


def make_box(text, kind=OTHER, **parts):
    return make_shape(make_text(text, kind), **parts)


def make_table(cells):
    shapes = [
        make_box(text, further=[make_record(0xF00F, struct.pack("<iiii", left, top, 9, 9))])
        for left, top, text in cells
    ]
    flags = make_record(0xF122, struct.pack("<HI", 0x39F, 1), instance=1, version=3)
    return make_record(0xF003, [make_shape(None, further=[flags]), *shapes])


def test_what_another_program_has_made_is_read_in_its_last_version(read):
    slides = read((FOLDER / "poi-again.ppt").read_bytes()).texts
    assert slides == [
        f"A box without a title\n{FOOTER}",
        f"(hidden slide)\nKept back\nOnly bytes of Latin: caf\u00e9\n{FOOTER}",
        "Tides at the pier\nHigh water at seven\nLow water at one\nor soon after\n"
        "\u00c6r\u00f8 \u03b1 \u6771\u4eac\nBerth | Fee\nnorth | 210 EUR\n| 190 EUR\n" + FOOTER,
        f"Added later\n{FOOTER}",
    ]


def test_notes_and_tables_of_libreoffice_stand_on_their_slides(read):
    slides = read((FOLDER / "libreoffice-pptx-quarters.ppt").read_bytes()).texts
    assert slides[1].endswith("cell00 | cell01\ncell10 | cell11\nMention the storm of October.")


def test_titles_come_first_whatever_lies_above(read):
    shapes = [make_box("alpha"), make_box("One", TITLE), make_box("beta", 6)]
    assert read(make_ppt([make_slide(shapes)])).texts == ["One\nbeta\nalpha"]


def test_an_old_version_of_a_slide_is_left_out(read):
    old, new = (make_slide([make_box(text)]) for text in ("old", "new"))
    assert read(make_ppt([old], saved_again=new)).texts == ["new"]


@pytest.mark.parametrize("edit", [0, 5, 1 << 30])
def test_the_last_edit_is_looked_for_where_nothing_tells_its_place(read, edit):
    old, new = (make_slide([make_box(text)]) for text in ("old", "new"))
    assert read(make_ppt([old], saved_again=new, edit=edit)).texts == ["new"]


def test_a_shape_shows_the_text_of_the_list_that_it_refers_to(read):
    listed = [*make_text("One", TITLE), *make_text("", BODY), *make_text("two\rthree\x0bfour")]
    shapes = [make_shape(make_reference(number)) for number in (2, 0, 2, 7)]
    data = make_ppt([make_slide(shapes)], lists=[listed])
    assert read(data).texts == ["One\ntwo\nthree\nfour"]


def test_signs_for_numbers_and_dates_are_left_out_and_stars_are_not(read):
    number = make_record(0x0FD8, struct.pack("<I", 5))
    beyond = make_record(0x0FF7, struct.pack("<I", 99))
    box = make_text("Page * of 2*", further=[number, beyond])
    assert read(make_ppt([make_slide([make_shape(box)])])).texts == ["Page of 2*"]


def test_cells_of_a_table_are_in_rows_by_their_places(read):
    cells = [(9, 0, "b"), (0, 0, "a"), (9, 5, "d"), (9, 9, "f"), (0, 9, "e\rx")]
    assert read(make_ppt([make_slide([make_table(cells)])])).texts == ["a | b\n| d\ne x | f"]


def test_cells_of_a_table_that_fit_in_no_columns_are_read(read):
    cells = [(place, place, f"c{place}") for place in range(40)]
    told = "\n".join(f"c{place}" for place in range(40))
    assert read(make_ppt([make_slide([make_table(cells)])])).texts == [told]


def test_letters_that_are_drawn_and_boxes_that_are_not_last_are_read(read):
    letters = "Grand\0".encode("utf-16-le")
    numbers = struct.pack("<HIHI", 0xC0C1, 3, 0xC0C0, len(letters))
    drawn = make_record(0xF00B, numbers + b"abc" + letters, instance=2, version=3)
    shapes = [
        make_shape(None, further=[drawn], kind=136),
        make_shape(None, further=[drawn]),
        make_box("alpha", behind=[make_record(0xF121)]),
    ]
    assert read(make_ppt([make_slide(shapes)])).texts == ["Grand\nalpha"]


@pytest.mark.parametrize(
    ("fonts", "shown"),
    [
        (["Symbol"], "Δx ≥ 2 café"),
        (["Wingdings"], "x 2 café"),
        # Of which font a sign is stands far from it, and is not looked for.
        (["Symbol", "Wingdings"], "\uf044x \uf0b3 2 café"),
        ([], "\uf044x \uf0b3 2 café"),
    ],
)
def test_signs_of_the_one_font_of_symbols_are_read(read, fonts, shown):
    written = [make_record(0x0FB7, f"{one}\0".encode("utf-16-le").ljust(68)) for one in fonts]
    slide = make_slide([make_box("\uf044x \uf0b3 2 café"), make_box("plain")], further=written)
    assert read(make_ppt([slide])).texts == [f"{shown}\nplain"]


def test_fonts_of_symbols_are_looked_for_once(read):
    """Once for each slide with a sign, it would take as long as slides and bytes together."""

    def measure(text):
        slide = make_slide([make_box(text)])
        data = make_ppt([slide] * 2_000, masters=[make_record(1, b"S\0y\0m\0b\0" * (1 << 19))])
        began = time.process_time()
        read(data)
        return time.process_time() - began

    assert measure("\uf044") < 2 * measure("a") + 1


def make_comments(*comments):
    """The tags of a slide: strings of each comment, by their instances."""
    made = [
        make_record(
            0x2EE0,
            [
                make_record(0x0FBA, text.encode("utf-16-le"), instance=instance)
                for instance, text in one.items()
            ],
        )
        for one in comments
    ]
    name = make_record(0x0FBA, "___PPT10".encode("utf-16-le"))
    return make_record(0x1388, [make_record(0x138A, [name, make_record(0x138B, b"".join(made))])])


def test_comments_stand_last_with_who_has_written_them(read):
    comments = make_comments(
        {0: "Ada", 1: "Who pays?\r\rThe harbour", 2: "A"}, {0: "Bo", 1: " "}, {1: "Nobody's"}
    )
    slides = [make_slide([make_box("alpha")], behind=[comments]), make_slide([make_box("beta")])]
    assert read(make_ppt(slides)).texts == [
        "alpha\nComment (Ada): Who pays?\nThe harbour\nComment (): Nobody's",
        "beta",
    ]


def test_what_has_been_deleted_of_a_drawing_is_left_out(read):
    groups = [make_record(0xF003, [make_shape(None), make_box(text)]) for text in ("new", "old")]
    drawing = make_record(0x040C, [make_record(0xF002, groups)])
    assert read(make_ppt([make_slide([], drawing=drawing)])).texts == ["new"]


def test_what_a_master_shows_stands_once_without_its_prompts(read):
    prompt = make_record(0xF011, [make_record(0x0BC3, bytes(8))])
    shapes = [make_box("Click to edit", further=[prompt]), make_box("Draft of May")]
    master = make_slide(shapes, kind=0x03F8)
    slides = [make_slide([make_box(text)], master=1) for text in ("alpha", "beta")]
    assert read(make_ppt(slides, masters=[master])).texts == ["alpha\nDraft of May", "beta"]


def test_a_slide_that_is_missing_is_named_and_the_others_are_read(read):
    texts = read(make_ppt([make_slide([make_box("alpha")]), make_record(0x03F0, [])])).texts
    assert texts[0] == "alpha"
    assert "missing" in str(texts[1])


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (make_ppt([make_slide([])], token=ENCRYPTED), RejectionCode.ENCRYPTED),
        # Of PowerPoint 95, which has records of other kinds under the same name.
        (
            make_compound_file({"PowerPoint Document": make_record(0x03E8, [])}, CLASS_ID),
            RejectionCode.DAMAGED,
        ),
        (make_compound_file({"Pictures": b""}, CLASS_ID), RejectionCode.DAMAGED),
    ],
    ids=["encrypted", "of 95", "no presentation"],
)
def test_what_cannot_be_opened_is_refused(read, data, code):
    with pytest.raises(RejectedDocumentError) as refusal:
        read(data)
    assert refusal.value.code is code


def test_of_a_file_for_two_versions_the_newer_one_is_read(read):
    data = make_ppt([make_slide([make_box("alpha")])])
    stream = data[data.index(b"\x0f\x00\xe8\x03") :]
    user_at = data.index(b"\xf6\x0f") - 2
    twice = {
        "PowerPoint Document": make_record(0x03E8, []),
        "PP97_DUALSTORAGE/Current User": data[user_at : user_at + 100],
        "PP97_DUALSTORAGE/PowerPoint Document": stream,
    }
    assert read(make_compound_file(twice, CLASS_ID)).texts == ["alpha"]


def nest(shape, levels):
    for _ in range(levels):
        shape = make_record(0xF003, shape if isinstance(shape, bytes) else [shape], version=15)
    return shape


def open_bytes(path, data):
    path.write_bytes(data)
    return open_file(path, ".ppt")


def test_a_slide_is_not_read_over_and_over(read):
    """Else a list of a few bytes each would make text of any length of one slide."""
    data = make_ppt([make_slide([make_box("alpha" * 500)]), make_slide([make_box("beta")])])
    second = struct.pack("<IIIII", 3, 0, 0, 2, 0)
    assert data.count(second) == 1
    with pytest.raises(RejectedDocumentError) as refusal:
        read(data.replace(second, struct.pack("<IIIII", 2, 0, 0, 2, 0)))
    assert refusal.value.code is RejectionCode.DAMAGED


def test_groups_in_groups_have_an_end(tmp_path):
    with pytest.raises(UnreadableDocumentError) as refusal:
        open_bytes(tmp_path / "a", make_ppt([make_slide([nest(make_box("x"), 2000)])]))
    assert refusal.value.code is RejectionCode.OVER_LIMITS
    document = open_bytes(tmp_path / "a", make_ppt([make_slide([nest(make_box("x"), 50)])]))
    assert document.read_page(1).text == "x"


@pytest.mark.parametrize("name", ["poi-tides", "poi-again", "libreoffice-pptx-quarters"])
def test_broken_bytes_give_text_or_one_refusal(tmp_path, name):
    data = (FOLDER / f"{name}.ppt").read_bytes()
    path = tmp_path / "document"
    outcomes = set()
    started = time.process_time()
    for number in range(150):
        try:
            outcomes.add(
                open_bytes(path, mutate_bytes(data, Random(f"{name}/{number}"))).page_count > 0
            )
        except UnreadableDocumentError as error:
            assert error.reason
            outcomes.add(error.code)
    assert {True, RejectionCode.DAMAGED} <= outcomes
    assert time.process_time() - started < 20
