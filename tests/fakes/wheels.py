"""Tiny wheels and a lock file of them, so that a build needs no package index."""

import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path


class WheelShelf:
    """A folder of wheels, and the lock file that pins them by hash."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pins: dict[str, str] = {}
        folder.mkdir()

    @property
    def lock(self) -> Path:
        lock = self._folder / "functions-worker.txt"
        lines = ["--no-index", f"--find-links {self._folder}"]
        lines += [f"{name} --hash=sha256:{digest}" for name, digest in self._pins.items()]
        lock.write_text("\n".join(lines) + "\n")
        return lock

    def add(
        self,
        name: str,
        files: Mapping[str, str],
        version: str = "1.0",
        tag: str = "py3-none-any",
    ) -> None:
        wheel = self._folder / f"{name}-{version}-{tag}.whl"
        information = f"{name}-{version}.dist-info"
        with zipfile.ZipFile(wheel, "w") as archive:
            for path, text in files.items():
                archive.writestr(path, text)
            archive.writestr(
                f"{information}/METADATA",
                f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            )
            archive.writestr(
                f"{information}/WHEEL",
                f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
            )
            archive.writestr(f"{information}/RECORD", "")
        self.pin(f"{name}=={version}", hashlib.sha256(wheel.read_bytes()).hexdigest())

    def pin(self, requirement: str, digest: str) -> None:
        self._pins[requirement] = digest
