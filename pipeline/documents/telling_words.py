"""Which words of a question tell what it is about: all but those that any text has.

A sentence that shares no more than "the" or "when" with a question answers nothing. These small
words are listed for the languages with the most readers, and a question is read in the language
that most of its words are of. That leaves a word alone that is small in another language only:
"die" is an article in German and none in English.
"""

# ruff: noqa: RUF001 - the words of other scripts are meant as they stand

from itertools import pairwise

from shared.llm.extractive.language_detection import FUNCTION_WORDS_BY_LANGUAGE
from shared.llm.extractive.sentences import is_spaceless

# What the frequent words of running text lack: words to ask and to point with, verbs that help.
_QUESTION_WORDS = {
    "ar": "ماذا متى أين كيف لماذا هل كم أي ما من",
    "cs": "co kdo kdy kde kam jak proč kolik jaký jaká jaké jsem jsi jsme má mají bude můj tvůj "
    "ten ta to teď mi",
    "da": "hvem hvornår hvordan hvorfor hvilken hvilket hvilke hvad hvor mange meget jeg du han "
    "hun vi i min din nu mig kunne skulle ville vil gør siger fortæl om er",
    "de": "wer wie wo wann warum weshalb wieso wohin woher wem wen wessen was welche welcher "
    "welches welchen welchem wieviel viel viele ich du er sie es wir ihr mir mich dir dich uns "
    "euch mein meine dein deine sein seine unser hat haben habe hatte hatten bin bist sind war "
    "waren wäre kann können konnte muss müssen soll sollen darf dürfen will wollen würde wurde "
    "wurden gibt dies diese dieser dieses des dass ob wenn dann denn da hier dort jetzt nun nur "
    "noch schon so zum zur im ins am an bei aus nach vor über unter bis um als oder aber kein "
    "keine eines einer einem einen steht sagt bitte alle alles etwas in mal",
    "el": "τι ποιος ποια ποιο ποιοι πότε πού πως πώς γιατί πόσο πόσα πόσοι ο η το οι τα του της "
    "των τον την ένα μια ένας και να θα είναι ήταν έχει έχουν από με για στο στη στην στον σε "
    "που δεν",
    "en": "what when where who whom whose why how which much many does do did doing done has "
    "had having were been being am can could will would shall should might must i me my we us "
    "our you your he him his she her its they them their there here these those then than so "
    "any some no nor but about into onto out up down off over under between after before during "
    "until while more most other only own same too very just also now ever yet still again each "
    "every all both either such tell please say says said give gives show what's an let got get "
    "gets long often",
    "es": "qué quién quiénes cuándo cuánto cuánta cuántos cuántas dónde cómo cuál cuáles por yo "
    "tú él ella nosotros me te nos mi tu a al ha han hay había fue fueron era eran tiene tienen "
    "puede pueden hace hizo este esta estos estas ese esa eso esto aquí allí ahora ya muy dice "
    "si hasta desde sobre entre sin cuando donde quien cual unos unas",
    "fi": "mikä mitä mitkä missä mistä mihin milloin koska kuka kenen ketkä miten miksi kuinka "
    "paljon monta minä sinä me te he se ne nyt oliko onko ovatko saa saako voiko",
    "fr": "quoi quel quelle quels quelles quand où comment pourquoi combien qui je tu elle nous "
    "vous ils elles me te se mon ma mes ton ta tes son sa ses notre votre leur leurs l d s n c "
    "j m t qu a ai as ont avait avaient était étaient été être avoir sera fait faire peut "
    "peuvent doit doivent ne y aux ces cet ceci cela ça si mais donc alors maintenant ici là "
    "très dit quelqu on de et",
    "hi": "क्या कब कहाँ कौन कैसे क्यों कितना कितने किस था थे थी",
    "hu": "mi mit ki kit mikor hol hová miért hogyan mennyi melyik én te ő ti ők most",
    "id": "apa siapa kapan dimana mana bagaimana mengapa berapa saya kamu kita kami mereka "
    "sekarang apakah",
    "it": "che chi cosa quando dove come perché quanto quanta quanti quante quale quali qual io "
    "tu lui lei noi voi loro mi ti ci vi mio tuo suo nostro ha hanno ho era erano fu furono "
    "stato può possono deve fa questi queste quello quella qui lì ora adesso molto dice se fino "
    "da dello della dei degli delle nella nello sul sulla sui al alla l d c",
    "nl": "wat wie waar wanneer waarom hoe welke welk hoeveel veel ik jij je u hij zij ze wij "
    "we jullie mijn jouw zijn haar ons onze heeft hebben had hadden was waren kan kunnen kon "
    "moet moeten mag mogen zal zullen zou worden werd werden deze dit die er hier daar nu dan "
    "dus niet geen in over onder tussen tot uit door naar bij",
    "no": "hva hvem hvor når hvordan hvorfor hvilken hvilket hvilke mange mye jeg du han hun vi "
    "dere min din nå meg kunne skulle ville vil gjør sier",
    "pl": "co kto kogo kiedy gdzie dokąd jak dlaczego czemu ile jaki jaka jakie który która "
    "które czy ja ty on ona my wy oni mi mój twój ma mają był była było były będzie teraz tu "
    "tam",
    "pt": "que quê quem quando onde como quanto quanta quantos quantas qual quais porquê eu tu "
    "ele ela nós eles me te nos meu teu seu sua há tem têm foram era eram pode podem faz fez "
    "este esta isto esse essa isso aquele aqui ali agora já muito diz se até sobre entre sem",
    "ro": "ce cine când unde cum câte cât câți eu tu el ea noi voi ei acum",
    "ru": "кто что когда где куда откуда как почему зачем сколько какой какая какое какие чей "
    "ли я ты она мы вы они мне мой твой наш есть были была было будет о об до же бы вот тут там "
    "сейчас",
    "sv": "vad vem vilka vilken vilket när var hur varför många mycket jag du han hon vi ni min "
    "din nu mig kunde skulle ville vill kan ska gör säger på i",
    "tr": "ne kim kime nerede nereye nasıl neden niçin kaç hangi mi mı mu mü ben sen o biz siz "
    "onlar şimdi var yok",
    "uk": "хто що коли де куди звідки як чому навіщо скільки який яка яке які чий чи я ти вона "
    "ми ви вони мені мій твій наш є були була було буде зараз",
    # Of scripts without spaces, in the pairs of characters that their text is cut into.
    "zh": "什么 什麼 为什 為什 怎么 怎麼 么时 麼時 时候 時候 哪里 哪裡 哪些 哪个 哪個 多少 如何 "
    "是否 是不 不是 是什 是谁 是誰 有没 没有 有什 这个 那个 一个 我们 你们 他们",
    "ja": "です ます でし まし した すか たか るか いつ どこ だれ なぜ なに どう どの どれ いく "
    "くら くつ つで こで する して いる ある ない から まで こと もの この その あの とは では "
    "には のは ので んで は が を に の で と も へ か 何時 何で 何が",
}
_SMALL_WORDS = {
    language: FUNCTION_WORDS_BY_LANGUAGE.get(language, frozenset())
    | frozenset(_QUESTION_WORDS.get(language, "").split())
    for language in FUNCTION_WORDS_BY_LANGUAGE.keys() | _QUESTION_WORDS.keys()
}
# Before a word these say what it is in the sentence, and nothing of what it is.
_PARTICLES = frozenset("はがをにのでともへや")
# Letters that are no word, and are left of none at an apostrophe but in French and Italian
# ("c'est"), so that they name something: the language C.
_NAMES = frozenset("bcfghpqrx")
# What comes after one of these is a thing, be it a small word elsewhere: "the will".
_ENGLISH_DETERMINERS = frozenset(["the", "a", "our", "your"])


def choose_telling_terms(terms: list[str]) -> list[str]:
    """The terms of a question that a sentence has to share, in order; none if all are small.

    Where nothing else is left, words that are small elsewhere are taken for what they may be here:
    words of kana that begin as particles do, and in English what comes after an article.
    """
    known = {
        language: sum(term in small and term not in _NAMES for term in terms)
        for language, small in _SMALL_WORDS.items()
    }
    most = max(known.values())
    languages = {language for language, count in known.items() if count == most > 0}
    small = frozenset[str]().union(*(_SMALL_WORDS[language] for language in languages))
    if telling := [term for term in terms if term not in small and not _is_slight(term)]:
        return telling
    things = {
        term
        for before, term in pairwise(terms)
        if "en" in languages and before in _ENGLISH_DETERMINERS and len(term) > 1
    }
    return [
        term for term in terms if term in things or (is_spaceless(term[0]) and term not in small)
    ]


def _is_slight(term: str) -> bool:
    """Whether a term is a letter that names nothing, or a pair that begins with a particle."""
    if is_spaceless(term[0]):
        return term[0] in _PARTICLES
    return len(term) == 1 and term.isalpha() and term not in _NAMES
