"""The documents of the golden set: their pages, and what a reader should find on them."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from tests.golden.languages import INVOICES, REPORTS, write_amount, write_date
from tests.golden.pages import LINES_OF_A_PAGE, Page

PEOPLE = ("Margit Lindqvist", "Anselm Okafor", "Ruth Delacroix", "Jonas Hartwell", "Ines Carvalho")
ORGANISATIONS = ("Nordwind Shipping", "Eastquay Dredging", "Seamark Insurance", "Tidewater Bank")
PLACES = ("Skagen", "Westhaven", "Saltmarsh", "Northpier", "Gullholm")
_TEXT, _NUMBER = {"type": "string"}, {"type": "number"}
_DAY = {"type": "string", "format": "date"}


@dataclass
class GoldenDocument:
    """A document with its answers, in the format of `docs/eval.md`."""

    name: str
    language: str
    tags: list[str]
    pages: list[Page]
    names: list[str] = field(default_factory=list)
    dates: list[str] = field(default_factory=list)
    questions: list[dict[str, Any]] = field(default_factory=list)
    extract: list[dict[str, Any]] = field(default_factory=list)

    @property
    def answers(self) -> dict[str, Any]:
        """What goes beside the file."""
        return {
            "document": f"{self.name}.pdf",
            "language": self.language,
            "tags": self.tags,
            "status": "DONE",
            "text": [page.text for page in self.pages],
            "summary": {"names": self.names, "dates": self.dates},
            "questions": self.questions,
            "extract": self.extract,
        }


def _of(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


def _list_of(**properties: Any) -> dict[str, Any]:
    return {"type": "array", "items": _of(tuple(properties), **properties)}


INVOICE_SCHEMA = _of(
    ("number", "total"),
    number=_TEXT, date=_DAY, seller=_TEXT, buyer=_TEXT, total=_NUMBER, discount=_NUMBER,
    lines=_list_of(item=_TEXT, quantity={"type": "integer"}, amount=_NUMBER),
)  # fmt: skip
STATEMENT_SCHEMA = _of(
    ("iban", "rows"), iban=_TEXT, rows=_list_of(date=_DAY, text=_TEXT, amount=_NUMBER)
)
FORM_SCHEMA = _of(
    ("applicant",),
    applicant=_of(
        ("name",), name=_TEXT, born=_DAY, address=_of(street=_TEXT, city=_TEXT), phone=_TEXT
    ),
    fee=_NUMBER,
    since=_DAY,
)
CONTRACT_SCHEMA = _of(("price",), contractor=_TEXT, price=_NUMBER, signed=_DAY)


def make_invoice(language: str, count: int, seed: int) -> GoldenDocument:
    """A form with a table of items, over two pages or more where they are many."""
    chance, words = random.Random(seed), INVOICES[language]
    day = date(2026, 1, 5) + timedelta(days=chance.randrange(300))
    seller, buyer = chance.choice(ORGANISATIONS), chance.choice(PEOPLE)
    number = f"{language.upper()}-{chance.randrange(10_000, 99_999)}"
    head = (words.item, (240, words.quantity), (360, words.amount))
    page = Page()
    page.add(f"{words.title} {number}")
    for label, value in (
        (words.number, number),
        (words.day, write_date(day, language)),
        (words.seller, seller),
        (words.buyer, buyer),
    ):
        page.add(label, (160, value))
    page.add("")
    page.add(*head)
    pages, lines, on_pages = [page], [], []
    for row in range(count):
        if len(page.lines) >= LINES_OF_A_PAGE - 3:
            page = Page()
            page.add(*head)
            pages.append(page)
        item = f"{chance.choice(words.goods)} {chance.randrange(100, 999)}{'ABCD'[row % 4]}"
        quantity, amount = chance.randrange(1, 90), chance.randrange(500, 250_000) / 100
        page.add(item, (240, str(quantity)), (360, write_amount(amount, language)))
        lines.append({"item": item, "quantity": quantity, "amount": amount})
        on_pages.append(len(pages))
    total = round(sum(line["amount"] for line in lines), 2)
    page.add("")
    page.add(words.total, (360, write_amount(total, language)))
    fields = {
        **{"number": number, "date": day.isoformat(), "seller": seller, "buyer": buyer},
        **{"total": total, "discount": None, "lines": lines},
    }
    return GoldenDocument(
        f"invoice-{language}",
        language,
        ["form", "table", *(["several-pages"] if len(pages) > 1 else [])],
        pages,
        extract=[
            {
                "schema": INVOICE_SCHEMA,
                "fields": fields,
                "pages": {"number": [1], "seller": [1], "buyer": [1], "total": [len(pages)]},
                "rows": {"lines": on_pages},
            }
        ],
        questions=[
            {
                "question": f"{words.total}?",
                "answers": [write_amount(total, language)],
                "pages": [len(pages)],
            }
        ],
    )


def make_statement(language: str, count: int, seed: int) -> GoldenDocument:
    """A long list of payments, some truly equal, with balances that are no rows."""
    chance = random.Random(seed)
    iban = f"NO{chance.randrange(10, 99)} {chance.randrange(1000, 9999)} 1117 {seed:03d}"
    pages: list[Page] = []
    rows: list[dict[str, Any]] = []
    on_pages: list[int] = []
    balance = 10_000.0
    per_page = LINES_OF_A_PAGE - 6
    for start in range(0, count, per_page):
        page = Page()
        pages.append(page)
        page.add("Harbour Bank of the North")
        page.add(f"IBAN {iban}", (360, f"{len(pages)} / {-(-count // per_page)}"))
        page.add(f"Balance brought forward {write_amount(balance, language)}")
        for number in range(start, min(count, start + per_page)):
            if number % 25 == 12 and number > start:
                row = dict(rows[-1])
            else:
                day = date(2026, 1, 1) + timedelta(days=number // 3)
                amount = chance.randrange(-90_000, 90_000) / 100
                text = f"{chance.choice(PLACES)} {chance.choice(ORGANISATIONS)} {4000 + number}"
                row = {"date": day.isoformat(), "text": text, "amount": amount}
            balance = round(balance + row["amount"], 2)
            page.add(
                f"{date.fromisoformat(row['date']):%d.%m.%Y}",
                (80, row["text"]),
                (330, write_amount(row["amount"], language)),
                (410, write_amount(balance, language)),
            )
            rows.append(row)
            on_pages.append(len(pages))
        page.add(f"Balance carried forward {write_amount(balance, language)}")
    return GoldenDocument(
        f"statement-{language}",
        language,
        ["list", "several-pages"],
        pages,
        extract=[
            {
                "schema": STATEMENT_SCHEMA,
                "fields": {"iban": iban, "rows": rows},
                "rows": {"rows": on_pages},
            }
        ],
    )


def make_report(language: str, count: int, seed: int) -> GoldenDocument:
    """Prose over some pages, each of which says one thing among others that say nothing."""
    chance, words = random.Random(seed), REPORTS[language]
    person, organisation = chance.choice(PEOPLE), chance.choice(ORGANISATIONS)
    place = chance.choice(PLACES)
    day = date(2015, 1, 1) + timedelta(days=chance.randrange(4_000))
    goods = write_amount(chance.randrange(1_000, 9_999), language)[:-3]
    paid = write_amount(chance.randrange(10_000, 99_999), language)[:-3]
    told = [
        words.goods.format(amount=goods, place=place),
        words.minutes.format(person=person),
        words.opened.format(place=place, date=write_date(day, language)),
        words.paid.format(organisation=organisation, amount=paid),
    ]
    pages = []
    on_pages = []
    for number in range(count):
        page = Page()
        page.add(f"{words.title.format(place=place)}, {number + 1}")
        pages.append(page)
    for number, sentence in enumerate(told):
        on_pages.append(number % count + 1)
        page = pages[number % count]
        page.add(words.fillers[number % 3])
        page.add(sentence)
    for number, page in enumerate(pages):
        for filler in range(6):
            page.add(words.fillers[(number + filler) % 3])
    found = [goods, person, write_date(day, language), paid]
    questions = [
        {"question": question, "answers": [answer], "pages": [page]}
        for question, answer, page in zip(words.questions, found, on_pages, strict=False)
    ]
    questions.append({"question": words.questions[-1], "answers": [], "pages": []})
    return GoldenDocument(
        f"report-{language}",
        language,
        ["prose", "several-pages"],
        pages,
        names=[person, organisation],
        dates=[day.isoformat()],
        questions=questions,
    )


_FORM_LABELS = {
    "en": ("Application", "Name", "Date of birth", "Street", "City", "Fee", "Member since"),
    "it": ("Domanda", "Nome", "Data di nascita", "Via", "Città", "Quota", "Socio dal"),
    "cs": ("Přihláška", "Jméno", "Datum narození", "Ulice", "Město", "Poplatek", "Členem od"),
    "de": ("Antrag", "Name", "Geburtsdatum", "Straße", "Ort", "Beitrag", "Mitglied seit"),
}


def make_form(language: str, seed: int) -> GoldenDocument:
    """Labels with values, one of the fields an object, and one that is not filled in."""
    chance = random.Random(seed)
    title, *labels = _FORM_LABELS[language]
    name, city = chance.choice(PEOPLE), chance.choice(PLACES)
    born = date(1950, 1, 1) + timedelta(days=chance.randrange(18_000))
    since = date(2020, 1, 1) + timedelta(days=chance.randrange(2_000))
    street = f"{chance.choice(ORGANISATIONS)} Quay {chance.randrange(1, 99)}"
    fee = chance.randrange(1_000, 9_999) / 100
    values = (
        *(name, write_date(born, language), street, city),
        *(write_amount(fee, language), write_date(since, language)),
    )
    page = Page()
    page.add(title)
    page.add("")
    for label, value in zip(labels, values, strict=True):
        page.add(f"{label}:", (150, value))
    applicant = {
        **{"name": name, "born": born.isoformat()},
        **{"address": {"street": street, "city": city}, "phone": None},
    }
    fields = {"applicant": applicant, "fee": fee, "since": since.isoformat()}
    return GoldenDocument(
        f"form-{language}",
        language,
        ["form"],
        [page],
        extract=[{"schema": FORM_SCHEMA, "fields": fields, "pages": {"fee": [1], "since": [1]}}],
    )


_CONTRACT_WORDS = {
    "en": ("Contract", "Contractor", "Price", "Signed on", "Both sides keep a copy of page"),
    "de": ("Vertrag", "Auftragnehmer", "Preis", "Unterschrieben am", "Beide behalten die Seite"),
    "fr": ("Contrat", "Entrepreneur", "Prix", "Signé le", "Les deux gardent la page"),
}


def make_contract(language: str, seed: int) -> GoldenDocument:
    """Seven pages, of which the first and the last say different prices."""
    chance = random.Random(seed)
    title, contractor, price, signed, filler = _CONTRACT_WORDS[language]
    organisation = chance.choice(ORGANISATIONS)
    day = date(2026, 2, 1) + timedelta(days=chance.randrange(200))
    first, last = chance.randrange(10, 50) * 1_000.0, chance.randrange(51, 90) * 1_000.0
    pages = []
    for number in range(1, 8):
        page = Page()
        page.add(f"{title}, {number}")
        pages.append(page)
        for line in range(12):
            page.add(f"{filler} {number}.{line + 1}.")
    pages[0].add(f"{contractor}:", (150, organisation))
    pages[0].add(f"{price}:", (150, write_amount(first, language)))
    pages[6].add(f"{price}:", (150, write_amount(last, language)))
    pages[6].add(f"{signed}:", (150, write_date(day, language)))
    fields = {"contractor": organisation, "price": first, "signed": day.isoformat()}
    return GoldenDocument(
        f"contract-{language}",
        language,
        ["contradiction", "several-pages"],
        pages,
        extract=[
            {
                "schema": CONTRACT_SCHEMA,
                "fields": fields,
                "pages": {"contractor": [1], "signed": [7]},
                "conflicts": {"price": [first, last]},
            }
        ],
    )


def make_letter(language: str, seed: int) -> GoldenDocument:
    """A page of prose with one question."""
    letter = make_report(language, 1, seed)
    letter.name = f"letter-{language}"
    letter.tags = ["prose"]
    return letter


def make_all() -> Iterator[GoldenDocument]:
    """The thirty documents; a scan of one of them would have the same answers."""
    for seed, (language, count) in enumerate(
        [
            ("en", 12),
            ("de", 70),
            ("fr", 95),
            ("es", 9),
            ("it", 14),
            ("nl", 6),
            ("pl", 11),
            ("sv", 8),
        ]
    ):
        yield make_invoice(language, count, 100 + seed)
    for seed, (language, count) in enumerate(
        [("en", 480), ("de", 120), ("pt", 150), ("ru", 100), ("ja", 90)]
    ):
        yield make_statement(language, count, 200 + seed)
    for seed, language in enumerate(REPORTS):
        yield make_report(language, 3 + seed % 3, 300 + seed)
    for seed, language in enumerate(_FORM_LABELS):
        yield make_form(language, 400 + seed)
    for seed, language in enumerate(_CONTRACT_WORDS):
        yield make_contract(language, 500 + seed)
    for seed, language in enumerate(("en", "fr")):
        yield make_letter(language, 600 + seed)
