"""Values that a page bears out, and those that it does not."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.tasks.extract.evidence import Evidence, keep_borne_out, read_numbers

PAGE = (
    "Invoice 2024-117 of Müller & Søn ApS, dated 1 March 2026 at 9:30.\n"
    "Total: EUR 1.234,50 (discount 15 %), paid 12 April 2026. Deposit (250.00).\n"
    "Revenue was 2.5 million in two coun-\ntries; the code is 12 345 678. Loss: -40\n"
    "Row 3 1 234 56"
)


@pytest.mark.parametrize(
    "value",
    [
        *("Müller & Søn ApS", "müller & søn", "2024-117", "countries", "12345678"),
        *("2026-03-01", "2026-04-12", "2026-03", "2026-03-01T09:30:00Z", "12.04.2026"),
        *("March 1, 2026", "1.234,50 EUR", "EUR 1,234.50", "1234.50"),
        *(1234.5, 15, 0.15, 2_500_000, 2.5, 2, 12_345_678, -250, 250, -40, 1234, 3, 56, 2026),
        *(True, False),
    ],
)
def test_what_stands_on_the_page_is_borne_out(value):
    assert Evidence(PAGE).bears_out(value)


@pytest.mark.parametrize(
    "value",
    [
        *("Müller GmbH", "Jensen", "2024-118", "", ".", "9999"),
        *("2026-03-02", "2025-03-01", "2026-03-01T10:30:00Z", "2027-03"),
        *("EUR 999.00", "USD 1,234.50", 1235, 1234.6, 150, 7, -15, 1e300),
    ],
)
def test_what_does_not_is_not(value):
    assert not Evidence(PAGE).bears_out(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((-12.5, "Loss 12.50-"), (-5, "-$5"), (-5, "($5)"), (-12, "100 -12"), (0.05, ".05")),
        *(("2024-03-05", text) for text in ("05/03/2024", "03/05/24", "5-Mar-24", "20240305")),
        *(("2024-03-05", text) for text in ("2024.03.05", "5 / 3 / 2024", "24-03-05")),
        ("2024-03", "03/2024"),
        ("Hafenstr. 5, 10115 Berlin", "Hafenstr. 5\n10115 Berlin"),
        ("Hafenstr. 5 10115 Berlin", "Hafenstr. 5, 10115 Berlin"),
    ],
)
def test_other_forms_are_borne_out(value, text):
    assert Evidence(text).bears_out(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        # Ranges and dates hold no negative numbers.
        *((-12, "10-12"), (-12, "10 \u2013 12"), (-2024, "01-01-2024"), (-1, "2024-01-01")),
        # Numbers that stand apart are no date.
        ("2024-03-05", "In 2024 page 3 had 5 seals"),
        *(("2024-03-05", text) for text in ("06/03/2024", "5-Apr-24", "5/3/23", "12024030577")),
        (500, ".500"),
    ],
)
def test_what_only_looks_alike_is_not(value, text):
    assert not Evidence(text).bears_out(value)


SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "kind": {"enum": ["invoice", "offer"]},
        "lines": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"what": {"type": "string"}, "price": {"type": "number"}},
                "required": ["price"],
            },
        },
    },
    "required": ["name"],
}


def test_what_a_page_does_not_say_is_null_in_objects_and_left_out_of_lists():
    value = {
        "name": "Anna",
        "kind": "offer",
        "lines": [
            {"what": "Rope", "price": 5},
            {"what": "Nail", "price": 7},
            {"what": "Glue", "price": 9},
        ],
    }
    kept, gaps = keep_borne_out(value, SCHEMA, Evidence("Rope 5.00 and a nail"), "order")
    assert kept == {
        "name": None,
        "kind": "offer",
        "lines": [{"what": "Rope", "price": 5}, {"what": "Nail", "price": None}],
    }
    assert [(gap.path, gap.is_required) for gap in gaps] == [
        ("order.name", True),
        ("order.lines[1].price", True),
        ("order.lines[2]", False),
    ]


@pytest.mark.parametrize("value", [["Glue"], [], {"name": "Anna"}, [{"name": "Anna"}], "Anna", 7])
def test_of_what_no_page_says_nothing_is_left(value):
    schema = {"type": "array", "items": SCHEMA} if isinstance(value, list) else SCHEMA
    assert keep_borne_out(value, schema, Evidence("Rope 5.00"), "x")[0] is None


def test_a_required_part_that_was_not_given_is_named():
    kept, gaps = keep_borne_out({"kind": "offer"}, SCHEMA, Evidence("Rope"), "order")
    assert kept == {"kind": "offer", "name": None}
    assert [(gap.path, gap.is_required) for gap in gaps] == [("order.name", True)]


@given(st.integers(0, 10**9), st.integers(0, 99))
def test_a_number_is_found_in_every_form_of_it(whole, cents):
    value = Decimal(f"{whole}.{cents:02}")
    grouped = f"{whole:,}"
    for marks in (",.", ".,", " ,", "'."):
        written = f"{grouped.replace(',', marks[0])}{marks[1]}{cents:02}"
        assert value in set(read_numbers(f"It is {written} EUR"))
    assert Decimal(whole) in set(read_numbers(f"({grouped})"))


@given(st.text(st.sampled_from("0123456789., '%-(mk\n"), max_size=60))
def test_any_text_has_numbers_or_none(text):
    assert all(number.is_finite() for number in read_numbers(text))
