import pytest

from pipeline.documents.page_search import TextRanking, split_terms
from pipeline.documents.telling_words import choose_telling_terms


@pytest.mark.parametrize(
    ("question", "telling"),
    [
        ("Is the moon cheese?", "moon cheese"),
        ("When does the ferry leave?", "ferry leave"),
        ("What now?", ""),
        ("What's the 2nd fee?", "2nd fee"),
        ("Wer war der Kapitän?", "kapitän"),
        ("Wann fährt die Fähre?", "fährt fähre"),
        ("How does a die cast in May?", "die cast may"),
        ("Quand part le bac de l'île ?", "part bac île"),
        ("¿Cuándo sale el barco?", "sale barco"),
        ("Quando parte il traghetto?", "parte traghetto"),
        ("Wanneer vertrekt de veerboot?", "vertrekt veerboot"),
        ("Когда отходит паром?", "отходит паром"),
        ("Kiedy odpływa prom?", "odpływa prom"),
        ("متى تغادر العبارة؟", "تغادر العبارة"),
        ("这是什么?", "这是"),
        ("いつですか", ""),
        ("東京タワー", "東京 京タ タワ ワー"),
        ("はがき", "はが がき"),
        ("ももはどこですか", "もも もは はど"),
        ("C compiler", "c compiler"),
        ("What is a C compiler?", "c compiler"),
        ("C'est quand, le bac ?", "bac"),
        ("Where is the will?", "will"),
        ("Is there a will?", "will"),
        ("Will the ferry leave?", "ferry leave"),
        ("What is はがき?", "はが がき"),
        ("A?", ""),
        ("7?", "7"),
        ("", ""),
    ],
)
def test_what_any_text_has_is_left_out_of_a_question_in_many_languages(question, telling):
    assert choose_telling_terms(split_terms(question)) == telling.split()


def test_one_word_that_most_texts_have_is_no_answer_to_a_question_about_two():
    def tell(question):
        ranking = TextRanking(split_terms(question))
        matches = [ranking.add(f"the boat paid {number} euros") for number in range(20)]
        return ranking.tells_apart(matches[7])

    assert not tell("boat cheese")
    assert tell("boat")
    assert tell("boat 7")
    assert not TextRanking(["x"]).tells_apart(TextRanking(["x"]).add("y"))


def test_of_a_few_texts_each_may_be_about_the_word():
    ranking = TextRanking(["boat", "leave"])
    assert ranking.tells_apart(ranking.add("The boat goes at nine."))
