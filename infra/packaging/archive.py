"""Zip files whose bytes depend on nothing but what is in them, and what makes one large."""

import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.packaging.own_modules import OWN_PACKAGES

OWN_CODE = "(own code)"

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
            content = files[name].read_bytes()
            file.writestr(make_entry(name), content, compresslevel=compression_level)


def make_entry(name: str) -> zipfile.ZipInfo:
    """The entry of a file, by its path in the zip: the same whenever and wherever it is made."""
    entry = zipfile.ZipInfo(name, date_time=_FIXED_DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3  # Unix, whatever builds it
    entry.external_attr = (0o755 if ".so" in Path(name).suffixes else 0o644) << 16
    return entry


def list_files(folder: Path) -> dict[str, Path]:
    """The files of a folder at any depth by their paths in it."""
    return {path.relative_to(folder).as_posix(): path for path in walk_files(folder)}


def walk_files(folder: Path) -> Iterator[Path]:
    """The files of a folder at any depth, in the order of their paths."""
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


@dataclass(frozen=True)
class PartSize:
    """What a dependency takes up in a zip, in bytes.

    Args:
        source: Its Python sources.
        bytecode: Its bytecode.
        other: Its compiled libraries and data.
    """

    source: int = 0
    bytecode: int = 0
    other: int = 0

    @property
    def total(self) -> int:
        """All of it."""
        return self.source + self.bytecode + self.other


def measure_parts(archive: Path) -> dict[str, PartSize]:
    """Measure a package by the names that are imported, the largest first.

    Each file counts with its two entries in the zip, so that the sum is nearly the zip's size.
    """
    sizes: dict[str, dict[str, int]] = {}
    with zipfile.ZipFile(archive) as file:
        for entry in file.infolist():
            part = sizes.setdefault(_name_part(entry.filename), {})
            suffix = Path(entry.filename).suffix
            kind = {".py": "source", ".pyc": "bytecode"}.get(suffix, "other")
            # APPNOTE.TXT: a local header of 30 bytes, a central one of 46, the name in both.
            entry_bytes = entry.compress_size + 76 + 2 * len(entry.filename)
            part[kind] = part.get(kind, 0) + entry_bytes
    parts = {name: PartSize(**part) for name, part in sizes.items()}
    return dict(sorted(parts.items(), key=lambda item: -item[1].total))


def _name_part(path: str) -> str:
    top = path.partition("/")[0]
    if top in OWN_PACKAGES:
        return OWN_CODE
    if top.endswith(".dist-info"):
        return re.sub(r"[-.]", "_", top.partition("-")[0]).lower()
    return top.partition(".")[0]
