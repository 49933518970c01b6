"""Zip files whose bytes depend on nothing but what is in them."""

import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

_FIXED_DATE = (1980, 1, 1, 0, 0, 0)


def add_files(archive: Path, files: Mapping[str, Path], compression_level: int) -> None:
    """Add files to a zip file, which is made if it is not there.

    Args:
        archive: The zip file.
        files: The files by their paths in the zip.
        compression_level: From 1, the quickest, to 9, the smallest.
    """
    with zipfile.ZipFile(archive, "a", zipfile.ZIP_DEFLATED) as file:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, date_time=_FIXED_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, whatever builds it
            entry.external_attr = (0o755 if ".so" in Path(name).suffixes else 0o644) << 16
            file.writestr(entry, files[name].read_bytes(), compresslevel=compression_level)


def list_files(folder: Path) -> dict[str, Path]:
    """The files of a folder at any depth by their paths in it."""
    return {path.relative_to(folder).as_posix(): path for path in walk_files(folder)}


def walk_files(folder: Path) -> Iterator[Path]:
    """The files of a folder at any depth, in the order of their paths."""
    return (path for path in sorted(folder.rglob("*")) if path.is_file())
