"""Files of other projects of which it is known what they show. Run where they are at hand."""

import re

import pytest

from pipeline.extraction.extractor import Extractor
from shared.deadline import Deadline
from tests.project_files import CASES

pytestmark = pytest.mark.skipif(
    not CASES.exists(), reason="the PDFs of other projects are not beside the project"
)

WORD = re.compile(r"\w+")
SENTENCES = (
    "Beautiful is better than ugly.\nExplicit is better than implicit.\n"
    "Simple is better than complex.\nComplex is better than complicated."
)
LOREM = "Lorem ipsum dolor sit amet, consectetur adipiscing elit."


@pytest.fixture(scope="module")
def extractor():
    with Extractor() as extractor:
        yield extractor


@pytest.fixture
def read(extractor):
    def read(file):
        with extractor.open(CASES / file, Deadline.after(60)) as document:
            return "\n".join(page.text for page in document.pages())

    return read


@pytest.mark.parametrize(
    ("file", "lines"),
    [
        ("camelot__eu-015.pdf", ["EU Institutions 3.597", "EU general and Member States 1.847"]),
        ("camelot__vertical_header.pdf", ["Brian Calley", "Patrick Colbeck", "Jim Hines"]),
        ("own_chrome_rotated.pdf", ["Berlin 1,000", "Paris 2,000", "Rome 3,000"]),
        ("own_latex_sidewaystable.pdf",
         ["City 2024 2025", "Berlin 1,000 1,100", "Paris 2,000 2,200", "Rome 3,000 3,300"]),
        ("own_r2l.pdf", ["The quick brown fox, 12 of 1,234.50 EUR.", "Invoice 2026-03-04 total"]),
        ("own_rlsup.pdf", ["Revenue was 1,250 3 million in 2025 1, up from 900."]),
        ("own_hidden-layer.pdf", ["The agreed price is 500 kroner a day."]),
        ("own_form-hidden-field.pdf", ["A form with a hidden field."]),
        ("own_form-only-fields.pdf",
         ["applicant: Marit Solheim", "amount: 48250.75", "due: 14 March 2027"]),
        ("own_freetext.pdf", ["Approved up to 90000 kroner by the board on 2 May 2027"]),
        ("own_signed.pdf", ["Digitally signed by Ola Berg, 3 June 2026"]),
        ("own_checkbox.pdf", ["[x] Yes", "no: [ ]"]),
        ("own_rlfilled.pdf", ["Name: Otto Weber", "Agree: [x]", "c: Blue"]),
        # As Unicode has them: letter by letter from the first to the last.
        ("own_ch_ar.pdf",
         ["\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645 "
          "\u0639\u0642\u062f \u0627\u0644\u0625\u064a\u062c\u0627\u0631",
          "\u0627\u0644\u0645\u0628\u0644\u063a 1,234.50 \u0631\u064a\u0627\u0644"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_lines_of_the_page(read, file, lines):
    read_lines = read(file).split("\n")
    assert [line for line in lines if line not in read_lines] == []


def test_what_is_hidden_stays_out(read):
    assert "DRAFT" not in read("own_hidden-layer.pdf")
    assert read("own_form-hidden-field.pdf") == "A form with a hidden field."


def test_sentences_of_a_page_that_is_shown_turned(read):
    assert read("pdfminer__zen_of_python_corrupted.pdf").startswith(SENTENCES)


def test_lines_of_a_page_that_is_shown_turned(read):
    words = WORD.findall(read("own_rot90b.pdf"))
    assert words == [
        "One",
        "alpha",
        "Two",
        "beta",
        "Three",
        "gamma",
        "Four",
        "deltaepsilon",
        "five",
    ]


@pytest.mark.parametrize(
    ("file", "values"),
    [
        ("pdfbox__acroform.pdf", ["Heinz Mustermann", "This is a line", "ComboBox: VW"]),
        ("pdfbox__ControlCharacters.pdf", ["NUL", "DC2", "some longer text", "paragraph-man"]),
        ("pdfjs__annotation-text-widget.pdf",
         [f"unlimited length {LOREM}", "length 10 Lorem ipsu", f"center aligned {LOREM}",
          f"right aligned {LOREM}", "combs abcdefghijklmnopqrstuvwxyz", f"Multiline {LOREM}"]),
        ("pdfjs__freetexts.pdf",
         ["Hello World from Acrobat", "Hello World From Firefox", "Hello World from Preview",
          "Hello World from Edge without Acrobat", "Hello World from Foxit",
          "Hello World from Okular"]),
        ("own_form-filled.pdf",
         ["applicant: Marit Solheim", "amount: 48250.75", "due: 14 March 2027"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_values_and_remarks(read, file, values):
    text = read(file)
    assert [value for value in values if value not in text] == []


def test_every_field_that_is_filled_in_is_read(read):
    assert len(re.findall(r"^acrobat-\S+: ", read("pdfbox__ControlCharacters.pdf"), re.M)) == 39
