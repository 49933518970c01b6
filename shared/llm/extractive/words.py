"""Cut text into words, in any script that puts something between them."""

import unicodedata


def split_words(text: str) -> list[str]:
    """The words of a text in small letters, without punctuation.

    The combining marks that vowels are in many scripts of Asia stay with their words.
    """
    folded = text.casefold()
    gaps = {
        ord(character): " "
        for character in set(folded)
        if not character.isalnum() and unicodedata.category(character)[0] != "M"
    }
    return folded.translate(gaps).split()
