"""The data of languages for recognition: from this machine into a stack's artifacts bucket."""

import platform
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline.recognition.language_data import language_key
from shared.aws.objects import ObjectStore

_TYPE = "application/octet-stream"
SUFFIX = ".traineddata"


def can_read_scans() -> bool:
    """Whether there is a wheel of tesserocr for this machine, as pyproject.toml has it."""
    is_known = sys.platform == "linux" and platform.machine() in ("x86_64", "aarch64")
    return is_known and sys.version_info < (3, 15)


def find_language_file(language: str) -> Path | None:
    """The data of a language, where a package of this environment brings it.

    PyPI's `tessdata-fast-*` install it so.
    """
    path = Path(sys.prefix) / "share" / "tessdata" / f"{language}{SUFFIX}"
    return path if path.is_file() else None


def put_language(path: Path, language: str, objects: ObjectStore, bucket: str) -> None:
    """Put the data of a language where the recognise function fetches it."""
    with path.open("rb") as file:
        objects.write_file(bucket, language_key(language), file, _TYPE)


def put_missing_languages(
    outputs: Mapping[str, str], objects: ObjectStore, report: Callable[[str], None]
) -> None:
    """Put the data of those languages that a stack is to read and has not got.

    Args:
        outputs: The stack's.
        objects: S3.
        report: Is told what was put, and what to do about a language that is not here either.
    """
    bucket, languages = outputs.get("ArtifactsBucket"), outputs.get("OcrLanguages")
    if not bucket or not languages:
        return
    there = set(objects.list_keys(bucket, language_key("").removesuffix(SUFFIX)))
    for language in languages.split(","):
        if language_key(language) in there:
            continue
        path = find_language_file(language)
        if path is None:
            report(
                f"Scans wait until the data of {language} is there: `seashore languages add "
                f"{language}{SUFFIX}`"
            )
        else:
            put_language(path, language, objects, bucket)
            report(f"Put the data of the language {language} for the recognition of scans")
