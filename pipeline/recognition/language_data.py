"""The data of languages that Tesseract reads by, from the artifacts bucket into the function.

It is too large for the function's zip: `seashore deploy` and `seashore local up` put it into the
bucket, and each container fetches what it needs once.
"""

from collections.abc import Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile

from shared.aws.objects import ObjectStore
from shared.errors import DeferredError, ObjectMissingError

_MISSING_DELAY_SECONDS = 300.0


def language_key(language: str) -> str:
    """The key of a language's data in the artifacts bucket."""
    return f"languages/{language}.traineddata"


def fetch_languages(
    languages: Sequence[str], folder: Path, objects: ObjectStore, bucket: str
) -> None:
    """Have the data of languages in a folder; what is there is not fetched again.

    Raises:
        DeferredError: That of one is not in the bucket; the message says what to do.
        RetryableError: As S3 does.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for language in languages:
        path = folder / f"{language}.traineddata"
        if path.exists():
            continue
        with NamedTemporaryFile(dir=folder, delete=False) as file:
            part = Path(file.name)
        try:
            objects.download(bucket, language_key(language), None, part)
        except ObjectMissingError as error:
            raise DeferredError(
                f"the data of the language {language!r} is not in the artifacts bucket: "
                f"`seashore languages add {language}` puts it there",
                delay_seconds=_MISSING_DELAY_SECONDS,
                reason="language_missing",
            ) from error
        else:
            # Whole or not at all: another thread may look for it at this moment.
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
