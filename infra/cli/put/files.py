"""Which files `seashore put` takes, under which keys, and which it skips, each with its reason."""

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.extraction.limits import ExtractionLimits
from pipeline.formats.identify import identify_file
from shared.document_formats import ANY_LABEL, ANY_ONE, find_format
from shared.errors import RejectedDocumentError, WrongUsageError

# Amazon S3 User Guide, "Creating object key names".
_LONGEST_KEY_BYTES = 1024


@dataclass(frozen=True)
class FileToPut:
    """A file and the key that it gets.

    Args:
        path: The file.
        key: The key.
        size_bytes: Its size.
        is_new: Whether there was nothing under its key when that was looked at.
    """

    path: Path
    key: str
    size_bytes: int
    is_new: bool = False


@dataclass(frozen=True)
class SkippedFile:
    """A file that is not put.

    Args:
        path: The file, as it was named or found.
        reason: Why, as the rest of a sentence.
        is_failure: Whether somebody wanted it put; not so for what is left out by rule.
    """

    path: str
    reason: str
    is_failure: bool


def collect_files(names: Sequence[str], prefix: str) -> Iterator[FileToPut | SkippedFile]:
    """Find the files behind names of files, folders and patterns.

    A file gets its name as its key, whatever its ending. In a folder every document is found,
    however deep, and gets the folder's name and its path inside; of `.`, only its path. A pattern
    counts as the folder before its first wildcard, whose name is left out. Hidden files and
    folders, and links to folders, are left out unless they are named. What the pipeline would
    refuse by its first bytes is refused here.

    Args:
        names: Files, folders, and patterns such as `reports/**/*.pdf`.
        prefix: Folder in the bucket that all keys begin with; empty for none.

    Yields:
        What to put and what not, in the order of the names. No two files get the same key.

    Raises:
        WrongUsageError: The prefix is no folder that a key can begin with.
    """
    taken: dict[str, Path] = {}
    folder = _check_prefix(prefix)
    for name in names:
        for found in _find_files(name):
            if isinstance(found, SkippedFile):
                yield found
                continue
            path, relative = found
            yield _check_file(path, f"{folder}/{relative}" if folder else relative, taken)


def _check_prefix(prefix: str) -> str:
    """The prefix without slashes around it.

    Amazon S3 User Guide, "Naming Amazon S3 objects": `.` and `..` between slashes are taken for
    steps of a path by many programs, which then do not find the object.
    """
    folder = prefix.strip("/")
    if folder and not {"", ".", ".."}.isdisjoint(folder.split("/")):
        raise WrongUsageError(
            f"--prefix {prefix!r} cannot be used: it holds a step that is empty, . or .. - give "
            "the folder's whole name, such as reports/2026."
        )
    if not folder.isprintable():
        raise WrongUsageError("--prefix holds characters that cannot be printed: leave them out.")
    return folder


def _find_files(name: str) -> Iterator[tuple[Path, str] | SkippedFile]:
    """The files behind one name, each with its path relative to what was named."""
    path = Path(name)
    if path.is_dir():
        # Of `..` or `a/..` the name is told by where that leads; `.` has no parts.
        own_name = Path(os.path.normpath(path.absolute())).name if path.parts else ""
        yield from _walk_folder(path, path, own_name)
    elif os.path.lexists(path):
        yield path, path.name
    elif glob.has_magic(name):
        yield from _match_pattern(name)
    else:
        yield SkippedFile(name, "does not exist", is_failure=True)


def _match_pattern(pattern: str) -> Iterator[tuple[Path, str] | SkippedFile]:
    fixed: list[str] = []
    for part in Path(pattern).parts:
        if glob.has_magic(part):
            break
        fixed.append(part)
    base = Path(*fixed)
    matches = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 - leaves hidden files out
    if not matches:
        yield SkippedFile(pattern, "matches no file", is_failure=True)
    for match in map(Path, matches):
        if not match.is_dir():
            yield match, match.relative_to(base).as_posix()
        elif not pattern.rstrip("/").endswith("**"):
            yield from _walk_folder(match, base, "")


def _walk_folder(
    folder: Path, base: Path, own_name: str
) -> Iterator[tuple[Path, str] | SkippedFile]:
    unreadable: list[OSError] = []
    found_any = False
    for place, folders, files in os.walk(folder, onerror=unreadable.append):
        for name in sorted(folders):
            path = Path(place, name)
            if name.startswith("."):
                yield SkippedFile(str(path), "hidden", is_failure=False)
            elif path.is_symlink():
                yield SkippedFile(str(path), "a link to a folder", is_failure=False)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(place, name)
            is_hidden = name.startswith(".")
            if find_format(name) is None:
                if not is_hidden:
                    yield SkippedFile(str(path), f"not named as {ANY_ONE}", is_failure=False)
                continue
            found_any = True
            if is_hidden:
                yield SkippedFile(str(path), "hidden", is_failure=False)
            else:
                yield path, (own_name / path.relative_to(base)).as_posix()
    for error in unreadable:
        yield SkippedFile(str(error.filename), _explain(error), is_failure=True)
    if not found_any and not unreadable:
        yield SkippedFile(str(folder), f"holds no {ANY_LABEL}", is_failure=True)


def _check_file(path: Path, key: str, taken: dict[str, Path]) -> FileToPut | SkippedFile:
    reason = _find_obstacle(path, key)
    if reason is None and key in taken and taken[key].resolve() != path.resolve():
        reason = f"gets the same key as {taken[key]}: put it with another --prefix"
    if reason is None and key in taken:
        return SkippedFile(str(path), "named twice", is_failure=False)
    if reason is not None:
        return SkippedFile(str(path), reason, is_failure=True)
    taken[key] = path
    return FileToPut(path, key, path.stat().st_size)


def _find_obstacle(path: Path, key: str) -> str | None:
    if not path.exists():
        return "is a link to a file that does not exist"
    if not path.is_file():
        return "is not a regular file"
    try:
        key_bytes = len(key.encode())
    except UnicodeEncodeError:
        return "its name is not valid UTF-8, which a key has to be"
    if key_bytes > _LONGEST_KEY_BYTES:
        return f"its key is longer than {_LONGEST_KEY_BYTES} bytes"
    try:
        identify_file(path, ExtractionLimits())
    except RejectedDocumentError as refusal:
        return str(refusal)
    except OSError as error:
        return _explain(error)
    return None


def _explain(error: OSError) -> str:
    return f"cannot be read: {error.strerror or error}"
