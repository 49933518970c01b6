"""Broken pictures through one recogniser, which may refuse them and must outlive them.

    python -m tests.fuzz.pictures FOLDER SECONDS SEED

Runs in a process of its own, as `extraction` does: the picture at hand lies in `current.pdf`.
"""

import io
import sys
from pathlib import Path
from random import Random

from PIL import Image

from infra.deploy.language_files import find_language_file
from pipeline.recognition.page_words import PageNotRecognisedError
from pipeline.recognition.recogniser import Recogniser, RecognitionLimits
from shared.deadline import Deadline
from tests.fakes.pdf.scanned_pdf_files import render_texts
from tests.fuzz.blindly import fuzz_blindly

LIMITS = RecognitionLimits(page_seconds=10)
DEADLINE_SECONDS = 60
GOOD_TEXT = "still here"
_FORMATS = ("PNG", "JPEG", "TIFF", "WEBP")
_MOST_CHANGES = 8


class PictureTarget:
    """One recogniser that reads one picture after the other.

    Args:
        folder: Where the picture at hand is put.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "current.pdf"
        language = find_language_file("eng")
        assert language is not None
        self._recogniser = Recogniser(language.parent, ["eng"], LIMITS, environment={})
        (self._good,) = render_texts(GOOD_TEXT, dots_per_inch=100)

    def check(self, data: bytes) -> str:
        """Read a picture, then a good one where it was refused; an exception is a finding.

        Returns:
            What became of it, in a word.
        """
        self._path.write_bytes(data)
        try:
            page = self._recogniser.recognise(data, Deadline.after(DEADLINE_SECONDS))
        except PageNotRecognisedError:
            good = self._recogniser.recognise(self._good, Deadline.after(DEADLINE_SECONDS))
            assert good.text == GOOD_TEXT
            return "refused"
        assert bool(page.text) == bool(page.words)
        return "with words" if page.text else "without"

    def close(self) -> None:
        """End the recogniser."""
        self._recogniser.close()


def list_seeds() -> list[bytes]:
    """A small page in each format that Leptonica reads."""
    (page,) = render_texts(GOOD_TEXT, dots_per_inch=50)
    seeds = []
    for name in _FORMATS:
        out = io.BytesIO()
        Image.open(io.BytesIO(page)).save(out, name)
        seeds.append(out.getvalue())
    return seeds


def mutate(seeds: list[bytes], random: Random) -> bytes:
    """One of the pictures with bytes changed, left out or put in; most often near its beginning."""
    changed = bytearray(random.choice(seeds))
    for _ in range(random.randint(1, _MOST_CHANGES)):
        place = int(len(changed) * random.random() ** 3)
        match random.randrange(3):
            case 0 if changed:
                changed[min(place, len(changed) - 1)] = random.randrange(256)
            case 1:
                del changed[place : place + random.randint(1, 64)]
            case _:
                changed[place:place] = random.randbytes(random.randint(1, 16))
    return bytes(changed)


def main() -> None:
    """Fuzz until the time is up; several findings are kept."""
    folder, seconds, seed = Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
    target, seeds = PictureTarget(folder), list_seeds()
    fuzz_blindly(target.check, seeds, mutate, folder, seconds=seconds, seed=seed, suffix=".picture")
    target.close()


if __name__ == "__main__":
    main()
