"""Tesseract as an engine of recognition: its languages at hand, its child process warm."""

from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline.recognition.language_data import fetch_languages
from pipeline.recognition.page_words import RecognisedPage, name_tesseract
from pipeline.recognition.recogniser import Recogniser
from shared.aws.objects import ObjectStore
from shared.deadline import Deadline


class TesseractEngine:
    """Recognises pictures with Tesseract.

    Args:
        languages: The names of the languages, the likeliest first.
        folder: Where their data is kept.
        objects: S3.
        bucket: The artifacts bucket, which has it.
    """

    def __init__(
        self, languages: Sequence[str], folder: Path, objects: ObjectStore, bucket: str
    ) -> None:
        self._languages = tuple(languages)
        self._folder = folder
        self._source = (objects, bucket)
        self._recogniser = Recogniser(folder, self._languages)

    @property
    def name(self) -> str:
        """Pages are read anew with other languages."""
        return name_tesseract(self._languages)

    def recognise(self, picture: Callable[[], bytes], deadline: Deadline) -> RecognisedPage:
        """The text of a picture.

        Raises:
            PageNotRecognisedError: It is no picture, or takes more than it may.
            DeferredError: The data of a language is not in the bucket, or S3 asks for patience.
            RetryableError: The time is up.
        """
        fetch_languages(self._languages, self._folder, *self._source)
        return self._recogniser.recognise(picture(), deadline)

    def prepare(self, picture: bytes, deadline: Deadline) -> bytes:
        """A picture as it may be sent to other engines: upright, not too large, a PNG or JPEG.

        Raises: As `recognise` does.
        """
        fetch_languages(self._languages, self._folder, *self._source)
        return self._recogniser.pack(picture, deadline)

    def close(self) -> None:
        """End the child process."""
        self._recogniser.close()
