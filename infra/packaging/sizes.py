"""What makes a package large, dependency by dependency."""

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

from infra.packaging.own_modules import OWN_PACKAGES

OWN_CODE = "(own code)"


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
