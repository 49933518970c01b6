"""What the documents of the golden set say, language by language."""

from dataclasses import dataclass
from datetime import date

_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre "
    "diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre "
    "dicembre",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro "
    "dezembro",
    "da": "januar februar marts april maj juni juli august september oktober november december",
}
_DATE_FORMS = {
    "en": "{d} {m} {y}", "de": "{d}. {m} {y}", "fr": "{d} {m} {y}", "es": "{d} de {m} de {y}",
    "it": "{d} {m} {y}", "pt": "{d} de {m} de {y}", "da": "{d}. {m} {y}",
}  # fmt: skip
# Thousands and decimals.
_MARKS = {
    "en": (",", "."), "ja": (",", "."), "fr": (" ", ","), "pl": (" ", ","), "cs": (" ", ","),
    "ru": (" ", ","), "sv": (" ", ","),
}  # fmt: skip


def write_date(day: date, language: str) -> str:
    """A date in words where the language has them here, else in numbers."""
    if language == "ja":
        return f"{day.year}年{day.month}月{day.day}日"
    if language not in _MONTHS:
        return f"{day:%d.%m.%Y}"
    month = _MONTHS[language].split()[day.month - 1]
    return _DATE_FORMS[language].format(d=day.day, m=month, y=day.year)


def write_amount(amount: float, language: str) -> str:
    """A number with two decimals as the language writes it."""
    thousands, point = _MARKS.get(language, (".", ","))
    whole, _, decimals = f"{amount:,.2f}".partition(".")
    return whole.replace(",", thousands) + point + decimals


@dataclass(frozen=True)
class InvoiceWords:
    """The words of an invoice."""

    title: str
    number: str
    day: str
    seller: str
    buyer: str
    total: str
    item: str
    quantity: str
    amount: str
    goods: tuple[str, ...]


INVOICES = {
    "en": InvoiceWords(
        *("Invoice", "Invoice number", "Date", "Seller", "Buyer", "Amount due"),
        *("Item", "Quantity", "Amount", ("Mooring rope", "Brass lantern", "Deck paint", "Anchor")),
    ),
    "de": InvoiceWords(
        *("Rechnung", "Rechnungsnummer", "Datum", "Verkäufer", "Käufer", "Rechnungsbetrag"),
        *("Artikel", "Menge", "Betrag", ("Festmacher", "Messinglampe", "Decksfarbe", "Anker")),
    ),
    "fr": InvoiceWords(
        *("Facture", "Numéro de facture", "Date", "Vendeur", "Acheteur", "Montant dû"),
        *("Article", "Quantité", "Montant", ("Amarre", "Lanterne", "Peinture de pont", "Ancre")),
    ),
    "es": InvoiceWords(
        *("Factura", "Número de factura", "Fecha", "Vendedor", "Comprador", "Importe debido"),
        *("Artículo", "Cantidad", "Importe", ("Amarra", "Farol de latón", "Pintura", "Ancla")),
    ),
    "it": InvoiceWords(
        *("Fattura", "Numero fattura", "Data", "Venditore", "Acquirente", "Importo dovuto"),
        *("Articolo", "Quantità", "Importo", ("Gomena", "Lanterna", "Vernice", "Ancora")),
    ),
    "nl": InvoiceWords(
        *("Factuur", "Factuurnummer", "Datum", "Verkoper", "Koper", "Te betalen"),
        *("Artikel", "Aantal", "Bedrag", ("Tros", "Koperen lamp", "Dekverf", "Anker")),
    ),
    "pl": InvoiceWords(
        *("Faktura", "Numer faktury", "Data", "Sprzedawca", "Nabywca", "Do zapłaty"),
        *("Towar", "Ilość", "Kwota", ("Cuma", "Lampa mosiężna", "Farba pokładowa", "Kotwica")),
    ),
    "sv": InvoiceWords(
        *("Faktura", "Fakturanummer", "Datum", "Säljare", "Köpare", "Att betala"),
        *("Vara", "Antal", "Belopp", ("Förtöjning", "Mässingslykta", "Däcksfärg", "Ankare")),
    ),
}


@dataclass(frozen=True)
class ReportWords:
    """A report: its title, sentences with places to fill, and questions about them.

    Args:
        title: With the place.
        goods: How many tonnes went over the quay: amount, place.
        opened: What was opened when: date, place.
        minutes: Who has kept the minutes: person.
        paid: Who has paid how much: organisation, amount.
        fillers: Sentences that say nothing.
        questions: About goods, minutes, opening and payment; then one that nothing answers.
    """

    title: str
    goods: str
    opened: str
    minutes: str
    paid: str
    fillers: tuple[str, ...]
    questions: tuple[str, str, str, str, str]


REPORTS = {
    "en": ReportWords(
        "Report of the harbour of {place}",
        "In the year {amount} tonnes of goods went over the quay at {place}.",
        "The new berth at {place} was opened on {date}.",
        "The minutes of the meeting were kept by {person}.",
        "For the dredging {organisation} paid {amount} euros.",
        (
            "The figures of the quarter were checked against the books.",
            "Work at the sluice went on as planned, with some delay in the colder weeks.",
            "No lorries were let onto the pier at spring tide.",
        ),
        (
            "How many tonnes of goods went over the quay?",
            "Who has kept the minutes of the meeting?",
            "When was the new berth opened?",
            "How much was paid for the dredging?",
            "Which elephant won the chess tournament?",
        ),
    ),
    "de": ReportWords(
        "Bericht des Hafens {place}",
        "Im Jahr gingen {amount} Tonnen Güter über den Kai von {place}.",
        "Der neue Liegeplatz in {place} wurde am {date} eröffnet.",
        "Das Protokoll der Sitzung führte {person}.",
        "Für die Baggerarbeiten zahlte {organisation} {amount} Euro.",
        (
            "Die Zahlen des Quartals wurden mit den Büchern verglichen.",
            "Die Arbeiten an der Schleuse gingen wie geplant weiter.",
            "Bei Springflut durften keine Lastwagen auf die Mole.",
        ),
        (
            "Wie viele Tonnen Güter gingen über den Kai?",
            "Wer führte das Protokoll der Sitzung?",
            "Wann wurde der neue Liegeplatz eröffnet?",
            "Wie viel wurde für die Baggerarbeiten gezahlt?",
            "Welcher Elefant gewann das Schachturnier?",
        ),
    ),
    "fr": ReportWords(
        "Rapport du port de {place}",
        "Dans l'année {amount} tonnes de marchandises ont passé le quai de {place}.",
        "Le nouveau poste de {place} a été ouvert le {date}.",
        "Le procès-verbal de la réunion a été tenu par {person}.",
        "Pour le dragage {organisation} a payé {amount} euros.",
        (
            "Les chiffres du trimestre ont été comparés aux livres.",
            "Les travaux de l'écluse ont continué comme prévu.",
            "Aucun camion n'a été admis sur la jetée par grande marée.",
        ),
        (
            "Combien de tonnes de marchandises ont passé le quai ?",
            "Qui a tenu le procès-verbal de la réunion ?",
            "Quand le nouveau poste a-t-il été ouvert ?",
            "Combien a été payé pour le dragage ?",
            "Quel éléphant gagna le tournoi d'échecs ?",
        ),
    ),
    "es": ReportWords(
        "Informe del puerto de {place}",
        "En el año pasaron {amount} toneladas de mercancías por el muelle de {place}.",
        "El nuevo atraque de {place} se abrió el {date}.",
        "El acta de la reunión fue redactada por {person}.",
        "Por el dragado {organisation} pagó {amount} euros.",
        (
            "Las cifras del trimestre se compararon con los libros.",
            "Las obras de la esclusa siguieron según lo previsto.",
            "Ningún camión entró en el espigón con marea viva.",
        ),
        (
            "¿Cuántas toneladas de mercancías pasaron por el muelle?",
            "¿Quién ha redactado el acta de la reunión?",
            "¿Cuándo se abrió el nuevo atraque?",
            "¿Cuánto se pagó por el dragado?",
            "¿Qué elefante ganó aquel torneo?",
        ),
    ),
    "it": ReportWords(
        "Relazione del porto di {place}",
        "Nell'anno {amount} tonnellate di merci sono passate sulla banchina di {place}.",
        "Il nuovo ormeggio di {place} è stato aperto il {date}.",
        "Il verbale della riunione è stato tenuto da {person}.",
        "Per il dragaggio {organisation} ha pagato {amount} euro.",
        (
            "Le cifre del trimestre sono state confrontate con i libri.",
            "I lavori alla chiusa sono andati avanti come previsto.",
            "Nessun camion è stato ammesso sul molo con l'alta marea.",
        ),
        (
            "Quante tonnellate di merci sono passate sulla banchina?",
            "Chi ha tenuto il verbale della riunione?",
            "Quando è stato aperto il nuovo ormeggio?",
            "Quanto è stato pagato per il dragaggio?",
            "Quale elefante vinse quel torneo?",
        ),
    ),
    "pt": ReportWords(
        "Relatório do porto de {place}",
        "No ano passaram {amount} toneladas de mercadorias pelo cais de {place}.",
        "O novo berço de {place} foi aberto em {date}.",
        "A ata da reunião foi lavrada por {person}.",
        "Pela dragagem {organisation} pagou {amount} euros.",
        (
            "Os números do trimestre foram comparados com os livros.",
            "As obras da eclusa continuaram como previsto.",
            "Nenhum camião entrou no molhe com maré viva.",
        ),
        (
            "Quantas toneladas de mercadorias passaram pelo cais?",
            "Quem lavrou a ata da reunião?",
            "Quando foi aberto o novo berço?",
            "Quanto se pagou pela dragagem?",
            "Qual elefante ganhou aquele torneio?",
        ),
    ),
    "da": ReportWords(
        "Beretning fra havnen i {place}",
        "I årets løb gik {amount} tons gods over kajen i {place}.",
        "Den nye liggeplads i {place} blev åbnet den {date}.",
        "Mødets referat blev ført af {person}.",
        "For uddybningen betalte {organisation} {amount} euro.",
        (
            "Kvartalets tal blev holdt op mod bøgerne.",
            "Arbejdet ved slusen gik videre som planlagt.",
            "Ingen lastbiler fik lov at køre ud på molen ved springflod.",
        ),
        (
            "Hvor mange tons gods gik over kajen?",
            "Hvem har ført mødets referat?",
            "Hvornår blev den nye liggeplads åbnet?",
            "Hvor meget blev der betalt for uddybningen?",
            "Hvilken elefant vandt skakturneringen?",
        ),
    ),
    "ja": ReportWords(
        "{place}港の報告書",
        "この年、{place}の岸壁を{amount}トンの貨物が通過しました。",
        "{place}の新しい係留所は{date}に開かれました。",
        "会議の議事録は{person}が作成しました。",
        "浚渫のために{organisation}は{amount}ユーロを支払いました。",
        (
            "四半期の数字は帳簿と照合されました。",
            "水門の工事は予定どおりに進みました。",
            "大潮のときはトラックが突堤に入れませんでした。",
        ),
        (
            "岸壁を何トンの貨物が通過しましたか。",
            "会議の議事録は誰が作成しましたか。",
            "新しい係留所はいつ開かれましたか。",
            "浚渫のためにいくら支払われましたか。",
            "将棋で優勝した象はどれか。",
        ),
    ),
}
