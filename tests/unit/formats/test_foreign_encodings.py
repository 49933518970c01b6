"""Texts that do not name the encoding of their country."""

# ruff: noqa: RUF001 - the letters of other scripts are meant as they stand

import pytest

_OF_OTHER_LETTERS = {
    "cp932": "価格は100円です。漁港の使用料を次のように定める。",
    "euc_jp": "価格は100円です。漁港の使用料を次のように定める。",
    "gb18030": "价格是100元。本合同自双方签字之日起生效，有效期为一年。",
    "big5hkscs": "價格是100元。本合約自雙方簽字之日起生效，有效期為一年。",
    "cp949": "가격은 100원입니다. 이 계약은 서명한 날부터 효력이 있습니다.",
    "cp1251": "Цена 100 рублей. Договор вступает в силу со дня подписания.",
    "koi8_r": "Цена 100 рублей. Договор вступает в силу со дня подписания.",
    "cp866": "Цена 100 рублей. Договор вступает в силу со дня подписания.",
    "iso8859_5": "Цена 100 рублей. Договор вступает в силу со дня подписания.",
    "cp1253": "Η τιμή είναι 100 ευρώ. Η σύμβαση ισχύει από την υπογραφή της.",
    "cp1255": "המחיר הוא 100 שקלים. החוזה נכנס לתוקף ביום החתימה.",
    "cp1256": "السعر 100 دينار. يبدأ العمل بهذا العقد من تاريخ التوقيع عليه.",
    "cp874": "ราคา 100 บาท สัญญานี้มีผลบังคับใช้ตั้งแต่วันที่ลงนาม",
}


@pytest.mark.parametrize("encoding", _OF_OTHER_LETTERS)
def test_a_text_of_other_letters_is_read_without_being_told_its_encoding(read, encoding):
    text = _OF_OTHER_LETTERS[encoding]
    assert read(text.encode(encoding)).texts == [text]
    table = f"a;b\n{text};1\n{text};2\n"
    assert read(table.encode(encoding)).texts == [f"a | b\n{text} | 1\n{text} | 2"]
    page = f'<!doctype html><p class="{"x" * 99}">{text}</p>'
    assert read(page.encode(encoding)).texts == [text]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Größe: 5 m, Gebühr für Übernachtung: 12,50 €", "cp1252"),
        ("ÄÖÜ äöü ß", "cp1252"),
        ("°C ½ ¼ ¾ ± \xd7 ÷ § ¶ © ®", "cp1252"),
        ("éèà", "cp1252"),
        # Of signs that are usual letters elsewhere, each beside figures.
        ("¥1,200 ¥3,000 ¥4,000 " * 9 + "yen", "cp1252"),
        ("§ 1 § 2 § 3 " * 9 + "BGB", "cp1252"),
        ("«1» «2» «3» " * 9 + "5¢ 10¢", "cp1252"),
    ],
)
def test_a_european_text_stays_one(read, text, encoding):
    assert read(text.encode(encoding)).texts == [text]


@pytest.mark.parametrize("text", ["1\xa0250,00\xa0€ " * 20 + "Sum", "Sum" + "\xa0" * 20 + "1,250"])
def test_spaces_that_divide_no_line_are_spaces(read, text):
    assert read(text.encode("cp1252")).texts == [" ".join(text.split())]


@pytest.mark.parametrize("encoding", ["cp1251", "koi8_r", "cp866", "iso8859_5"])
def test_a_text_in_capitals_is_read(read, encoding):
    text = _OF_OTHER_LETTERS[encoding].upper()
    assert read(text.encode(encoding)).texts == [text]


def test_a_few_words_of_hebrew_are_no_russian_in_capitals(read):
    text = "חשבון סכום תוקף שקלים חתימה לקוח מנהל הכנסות"
    assert read(text.encode("cp1255")).texts == [text]
