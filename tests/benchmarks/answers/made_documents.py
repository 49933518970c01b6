"""Ten reports of ten full pages: prose with names, dates and amounts, and a table of figures."""

import random
import re
from dataclasses import dataclass

PEOPLE = (
    *("Margit Lindqvist", "Anselm Okafor", "Ruth Delacroix", "Jonas Hartwell", "Ines Carvalho"),
    *("Piotr Zielinski", "Helena Strand", "Samuel Adeyemi", "Clara Whitfield", "Tomas Berg"),
)
ORGANISATIONS = (
    *("Harbour Trust", "Nordwind Shipping", "Coastal Survey Office", "Eastquay Dredging"),
    *("Seamark Insurance", "Port Workers Union", "Tidewater Bank", "Lightship Society"),
)
PLACES = ("Skagen", "Westhaven", "Port Ellery", "Saltmarsh", "Northpier", "Gullholm")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)
_EVENTS = (
    *("the board approved the second berth", "the north pier was reopened"),
    *("the tender for dredging was closed", "the new ferry called for the first time"),
    *("the insurance was renewed for five years", "the survey of the seabed was finished"),
)
FILLERS = (
    "The figures of the quarter are set out below and were checked against the books.",
    "Traffic in the outer basin was lighter than in the year before, as the tables show.",
    "No work was done at spring tide, and the quay was closed to heavy lorries for that time.",
    "Repairs of the sluice gates went on as planned, with some delay in the colder weeks.",
    "What remains to be done is listed in the plan of works, which is kept at the office.",
)
DATE = re.compile(rf"\b\d{{1,2}} (?:{'|'.join(_MONTHS)}) \d{{4}}\b")


@dataclass(frozen=True)
class MadeDocument:
    """A document, the texts of its pages in order."""

    key: str
    pages: tuple[str, ...]


def make_documents(count: int, pages: int) -> list[MadeDocument]:
    """The same documents each time; no two have a page in common."""
    return [
        MadeDocument(f"report-{number}.pdf", tuple(_make_pages(random.Random(number), pages)))
        for number in range(1, count + 1)
    ]


def _make_pages(chance: random.Random, count: int) -> list[str]:
    return [_make_page(chance, number) for number in range(1, count + 1)]


def _make_page(chance: random.Random, number: int) -> str:
    amount, share = chance.randint(1_000, 9_999), chance.randint(11, 89)
    person, other = chance.sample(PEOPLE, 2)
    organisation = chance.choice(ORGANISATIONS)
    place = chance.choice(PLACES)
    date = f"{chance.randint(1, 28)} {chance.choice(_MONTHS)} {chance.randint(2015, 2025)}"
    lines = [
        f"Section {number} of the annual report of the harbour at {place}",
        f"{organisation} and {person} report that {amount} thousand tonnes of goods went over the",
        f"quay at {place} in the year, which is {share} percent of what the plan of works had "
        "foreseen.",
        f"On {date} {chance.choice(_EVENTS)}.",
        f"The minutes were kept by {other} and are signed by all who were present at the meeting.",
        *chance.choices(FILLERS, k=14),
        "Month  Ships  Tonnes  Income  Costs  Balance",
        *(_make_row(chance, month) for month in _MONTHS),
        *chance.choices(FILLERS, k=3),
    ]
    return "\n".join(lines)


def _make_row(chance: random.Random, month: str) -> str:
    figures = [chance.randint(100, 99_999) for _ in range(5)]
    return "  ".join([month[:3], *(f"{figure:,}" for figure in figures)])
