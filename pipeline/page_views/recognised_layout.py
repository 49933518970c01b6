"""The words that recognition has found on a picture, as the layout of their page. Pure."""

import math

from pipeline.extraction.page_views.page_layout import (
    MOST_CHARACTERS,
    SPAN,
    PageLayout,
    Place,
)
from pipeline.recognition.page_words import RecognisedPage, RecognisedWord


def lay_out_words(page: RecognisedPage, width: int, height: int) -> PageLayout:
    """A page's words, each character in the box of its word.

    Args:
        page: What was recognised; of an engine that gives no boxes nothing can be marked.
        width: Of the picture that is shown, in pixels; it shows the same page.
        height: The same.
    """
    text: list[str] = []
    places: list[Place | None] = []
    for word in page.words:
        if text:
            text.append("\n" if word.begins_line or word.begins_paragraph else " ")
            places.append(None)
        text += word.text
        places += [_place_word(word, page)] * len(word.text)
    return PageLayout(
        width, height, "".join(text[:MOST_CHARACTERS]), tuple(places[:MOST_CHARACTERS])
    )


def _place_word(word: RecognisedWord, page: RecognisedPage) -> Place | None:
    """Where a word is on the picture before it was turned: about its middle, clockwise."""
    if page.width <= 0 or page.height <= 0:
        return None
    left, top, right, bottom = word.box
    turn = math.radians(page.turned_degrees)
    cosine, sine = math.cos(turn), math.sin(turn)
    middle_x, middle_y = page.width / 2, page.height / 2
    corners = [(x - middle_x, y - middle_y) for x in (left, right) for y in (top, bottom)]
    # Turned back, against the clock; down the picture is where y grows.
    xs = [(x * cosine + y * sine + middle_x) / page.width for x, y in corners]
    ys = [(y * cosine - x * sine + middle_y) / page.height for x, y in corners]
    place = (
        max(0, math.floor(min(xs) * SPAN)),
        max(0, math.floor(min(ys) * SPAN)),
        min(SPAN, math.ceil(max(xs) * SPAN)),
        min(SPAN, math.ceil(max(ys) * SPAN)),
    )
    return place if place[0] < place[2] and place[1] < place[3] else None
