"""Tell the language of a text, by its script and its most frequent function words.

The share of function words is the "small words" method that Gregory Grefenstette compares with
letter trigrams in "Comparing two language identification schemes" (JADT 1995): for more than a
dozen words it is as good, and needs no trained data. A word that several languages share counts
for less. A script that one language has to itself decides alone.
"""

# ruff: noqa: RUF001 - the words of other scripts are meant as they stand

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping

from shared.llm.extractive.words import split_words

UNDETERMINED = "und"
"""The ISO 639-2 code for a language that cannot be told."""

_SAMPLE_CHARS = 20_000
_MIN_LETTERS = 12
# Fewer known words than this, or a smaller share of them, is chance: names, tables, code.
_MIN_DISTINCT_WORDS = 3
_MIN_SHARE = 0.1

# The first word of a character's Unicode name gives its script.
_SCRIPT_LANGUAGES = {
    "GREEK": "el",
    "HEBREW": "he",
    "ARMENIAN": "hy",
    "GEORGIAN": "ka",
    "THAI": "th",
    "LAO": "lo",
    "KHMER": "km",
    "MYANMAR": "my",
    "TIBETAN": "bo",
    "SINHALA": "si",
    "TAMIL": "ta",
    "TELUGU": "te",
    "KANNADA": "kn",
    "MALAYALAM": "ml",
    "GUJARATI": "gu",
    "GURMUKHI": "pa",
    "BENGALI": "bn",
    "ORIYA": "or",
    "ETHIOPIC": "am",
    "HANGUL": "ko",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "CJK": "zh",
}

_FUNCTION_WORDS = {
    "LATIN": {
        "af": "die en van het nie word vir met aan op wat sy dit te om is nog hulle deur kan ook",
        "ca": "els les amb per que una del dels més com és són aquest aquesta però també seva "
        "al de la el i en un a no es o si",
        "cs": "že se na je jsou který která které jako nebo pro při tak ale aby byl bylo také "
        "jeho a v s z k o do nebyl nejsou",
        "cy": "yn yr ar mae gan eu fel ei wedi bod i'r hyn neu gyda ond bydd oedd hefyd cael",
        "da": "og at det af til på er ikke med som der blev eller også været hvor kan efter "
        "nogle en den de skal hvad mere mellem bliver denne disse kun har hvis",
        "de": "der die das und ist nicht ein eine mit auf für von dem den zu sich auch werden wird",
        "en": "the of and to is that for it with as was this are be not have which from by or a "
        "in on at you if",
        "es": "el los las que una del por con para como más pero su sus está son también ser lo "
        "de la en un no se es o y",
        "et": "ja on ei et see oma mis ka kui või aga selle oli ning mida seda nii veel nagu",
        "eu": "eta da ez bat dira ere du den izan zuen baina beste hau dute egin behar bere edo",
        "fi": "ja on ei se että oli hän mutta joka ovat myös kun niin tai sekä kuin ole voi jos "
        "voidaan tämä kuten",
        "fr": "le les des est une dans pour que qui pas sur avec du ce sont par au plus ou "
        "cette de la et un à il en",
        "ga": "agus an na ar is ag le go bhí sé sin ach leis atá den bhfuil nó sa faoi mar",
        "gl": "que unha polo pola dos das máis como tamén seu súa non ao pero está foi nos un "
        "de a o e en do da na no ou se",
        "hr": "je se na su da koji koja koje kao ili za od što nije bio ali biti također samo "
        "sve i u s o",
        "hu": "az hogy nem és egy ez is van volt meg csak már mint vagy kell amely után azt még",
        "id": "yang dan di itu dengan untuk dari ini tidak dalam akan pada juga ke oleh atau "
        "ada bisa anda sebuah",
        "is": "og að er sem á ekki það við hann um með til var ég en fyrir þess eru frá eða hefur",
        "it": "il che di una della per non sono gli con è più dei nel anche come alla questo "
        "dal e la in un i le",
        "la": "et in non est ut sed ad cum qui quod ex quae aut nec enim atque per esse sit ab",
        "lt": "ir yra kad tai su ne kaip iš į jis bet buvo taip pat šis apie tik nuo per arba",
        "lv": "un ir ka ar no par uz kas tas kā bet nav arī vai tika pēc viņš šo gan var",
        "ms": "yang dan di itu dengan untuk dari ini tidak dalam akan pada juga ialah telah "
        "boleh ia sebuah anda",
        "nl": "de het een van en is dat niet op te zijn met voor aan er om ook als maar bij wordt",
        "no": "og i det som på er til av med ikke at har den en jeg ble etter også hvor noen "
        "være å eller skal hva mer mellom blir denne disse kun hvis fra ved",
        "pl": "nie się na jest że do to jak ale co po przez dla są oraz jego tym być który może "
        "i w z o a",
        "pt": "o que os das dos uma não com por para mais como mas foi ao ele são também pelo "
        "em um de a e no na se",
        "ro": "și în nu este cu pe care din că mai pentru sunt fost dar la o să acest prin lui "
        "de a un ce au le",
        "sk": "že sa na je sú ktorý ktorá ktoré ako alebo pre pri tak ale aby bol bolo tiež "
        "jeho a v s z k o do nie",
        "sl": "je in na da se so za ki pa kot ali tudi bi od bil ni z lahko pri še biti po v s o",
        "sq": "dhe të në një është për që me nga nuk si janë ka e se u më kjo por ishte",
        "sv": "och att det som är på av för med inte till den har ett de om var men eller också",
        "sw": "na ya wa kwa ni katika za la kuwa hii hiyo si kama yake pia ambao lakini huo cha",
        "tl": "ang ng sa mga na ay at ito hindi para may kung siya nila isang ni pero din",
        "tr": "ve bir bu için ile da de olarak daha olan çok gibi ancak kadar her ne değil sonra",
        "vi": "và của là có không được cho các một những trong với này đã người khi để từ",
    },
    "CYRILLIC": {
        "be": "і што не на гэта як яго для але быў якія так ці яна толькі пры каб ад з у да",
        "bg": "и на да се за от е че това с като не са които или по ще може бъде при",
        "kk": "және бұл бір үшін мен деп болып бар да де оның осы екі болды туралы жоқ",
        "mk": "и на да се за од е дека ова со како не се кои или ќе може бил при што",
        "ru": "и в не на что с он как это по но из у за от то его для или был",
        "sr": "и је у да се на су за који од као али није то са или бити што само све",
        "uk": "і в не на що як це з він до та його для але або був які від за у",
    },
    "ARABIC": {
        "ar": "في من على إلى أن هذا التي الذي عن مع كان هذه أو ما لا بين ذلك إذا لم كل بعد هو "
        "هي عند قبل غير يجب",
        "fa": "و در به از که این را با است برای آن یک خود تا می شود بر های",
        "ur": "کے کی میں ہے اور سے کا کو اس نے کہ پر ہیں بھی یہ نہیں جو ایک",
    },
    "DEVANAGARI": {
        "hi": "के का में है की को और से यह पर हैं इस लिए एक नहीं कि ने",
        "mr": "आहे आणि या हे ते की एक नाही होते असे व मध्ये म्हणून आहेत होता",
        "ne": "छ र को मा यो हो पनि गरेको छन् लागि एक भएको तथा गर्न गर्नुहोस् गर्ने भने हुन्छ",
    },
}
# Letters that, within its script, a language has to itself or shares with few others.
_TELLING_LETTERS = {
    language: frozenset(letters)
    for language, letters in {
        "be": "ўыэё",
        "ca": "ŀ",
        "cs": "řěů",
        "da": "æ",
        "de": "ß",
        "es": "ñ",
        "et": "õ",
        "fa": "پچژگ",
        "ga": "ḃ",
        "gl": "ñ",
        "hr": "đć",
        "hu": "őű",
        "is": "þð",
        "kk": "әғқңұһ",
        "lt": "ėįųū",
        "lv": "āēīņļķģ",
        "mk": "ѓќѕ",
        "mr": "ळ",
        "no": "æ",
        "pl": "łąęśźż",
        "pt": "ãõ",
        "ro": "șțţăş",
        "ru": "ыэё",
        "sk": "ľĺŕ",
        "sq": "ë",
        "sr": "ђћ",
        "tr": "ığş",
        "uk": "їєґ",
        "ur": "ٹڈڑےں",
        "vi": "ăơưđạảấầẩẫậắằẳẵặẹẻẽếềểễệịỉĩọỏốồổỗộớờởỡợụủũứừửữựỳỵỷỹ",
    }.items()
}
_LETTER_WEIGHT = 0.5


def _weigh_words(languages: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """The words of each language; one that several share weighs less, but never nothing."""
    shared_by = Counter(word for words in languages.values() for word in set(words.split()))
    return {
        language: {word: shared_by[word] ** -0.5 for word in words.split()}
        for language, words in languages.items()
    }


_KNOWN_WORDS = {script: _weigh_words(languages) for script, languages in _FUNCTION_WORDS.items()}
FUNCTION_WORDS_BY_LANGUAGE: Mapping[str, frozenset[str]] = {
    language: frozenset(words.split())
    for languages in _FUNCTION_WORDS.values()
    for language, words in languages.items()
}
"""The function words of each language by its code, in small letters."""

FUNCTION_WORDS: frozenset[str] = frozenset().union(*FUNCTION_WORDS_BY_LANGUAGE.values())
"""The function words of all languages, in small letters."""


def detect_language(text: str) -> str:
    """The ISO 639-1 code of the language that most of the text is in, or `und`."""
    sample = unicodedata.normalize("NFC", text[:_SAMPLE_CHARS])
    scripts = _count_scripts(sample)
    if scripts.total() < _MIN_LETTERS:
        return UNDETERMINED
    # Japanese can have more Han than kana, but Chinese has no kana at all. Half of all letters is
    # not asked for: a Latin word has several times the letters of one in Han or kana.
    kana = scripts["HIRAGANA"] + scripts["KATAKANA"]
    japanese = scripts["CJK"] + kana
    if kana * 20 > japanese and japanese * 4 > scripts.total():
        return "ja"
    script, letters = min(scripts.items(), key=lambda item: (-item[1], item[0]))
    if letters * 2 < scripts.total():
        return UNDETERMINED
    if script in _SCRIPT_LANGUAGES:
        return _SCRIPT_LANGUAGES[script]
    if script not in _FUNCTION_WORDS:
        return UNDETERMINED
    return _detect_by_words(sample, script)


def _count_scripts(sample: str) -> Counter[str]:
    scripts: Counter[str] = Counter()
    for character, count in Counter(sample).items():
        if character.isalpha():
            scripts[unicodedata.name(character, "UNKNOWN").split(" ", 1)[0]] += count
    return scripts


def _detect_by_words(sample: str, script: str) -> str:
    words = Counter(split_words(sample))
    found = {
        language: _weigh_evidence(words, language, known)
        for language, known in _KNOWN_WORDS[script].items()
    }
    scores = {
        language: sum(weight * words[word] for word, weight in evidence.items())
        for language, evidence in found.items()
    }
    best = min(scores, key=lambda language: (-scores[language], language))
    share = sum(words[word] for word in found[best]) / max(1, words.total())
    # Single letters are as often symbols of formulas and tables.
    distinct = sum(1 for word in found[best] if len(word) > 1)
    return best if distinct >= _MIN_DISTINCT_WORDS and share >= _MIN_SHARE else UNDETERMINED


def _weigh_evidence(
    words: Iterable[str], language: str, known: Mapping[str, float]
) -> dict[str, float]:
    """The words that speak for a language, each with its weight."""
    telling = _TELLING_LETTERS.get(language, frozenset())
    return {
        word: known.get(word, _LETTER_WEIGHT)
        for word in words
        if word in known or not telling.isdisjoint(word)
    }
