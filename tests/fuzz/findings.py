"""Inputs that broke something, kept to be looked at and run again."""

import hashlib
from pathlib import Path

from tests.project_files import PROJECT

FOLDER = PROJECT / ".seashore" / "fuzz"


def make_folder(target: str, root: Path = FOLDER) -> Path:
    """The folder of a target's findings, corpus and log."""
    folder = root / target
    for name in ("findings", "corpus"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return folder


def save_finding(folder: Path, data: bytes, reason: str, suffix: str = "") -> Path:
    """Keep an input, and beside it why."""
    path = folder / "findings" / (hashlib.sha1(data, usedforsecurity=False).hexdigest() + suffix)
    path.write_bytes(data)
    path.with_name(path.name + ".why.txt").write_text(reason, errors="backslashreplace")
    return path
