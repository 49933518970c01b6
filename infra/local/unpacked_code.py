"""The unpacked code of functions on the local stack: once for all workers that run it.

The emulator unpacks a function's package anew for each worker that it starts: some two thousand
files, which take as long as the worker's own start and lie in memory for as long as it lives.

Loaded by the gate, in the emulator's own Python: so only the standard library is imported here.
"""

import hashlib
import os
import shutil
import threading
import zipfile
from pathlib import Path


class UnpackedCode:
    """Packages that are unpacked, in a folder beside those of the workers.

    Workers only read it, as on AWS, where none of them could change it.

    Args:
        folder: An empty folder, for nothing else.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._lock = threading.Lock()
        self._files: dict[tuple[str, int, int], Path] = {}

    def put(self, archive: Path, at: Path) -> None:
        """Have an empty folder lead to what a package holds, which is unpacked if it is not.

        What no worker has any longer is removed then, as after an update of the code.

        Args:
            archive: The package; it is removed, since it would lie in memory for nothing.
            at: The folder of a worker's code, a link from now on: `<the worker's own>/code`.
        """
        with archive.open("rb") as file:
            tree = self._folder / hashlib.file_digest(file, "sha256").hexdigest()
        with self._lock:
            if not tree.exists():
                self._remove_unused()
                self._unpack(archive, tree)
            at.rmdir()
            at.symlink_to(tree)
        archive.unlink()

    def _unpack(self, archive: Path, tree: Path) -> None:
        """Unpack a package; what another one holds under the same name is one file with it.

        Three of four files are those of dependencies that most functions have. They are told by
        their length and the checksum in the archive (PKWARE .ZIP File Format Specification,
        "CRC-32"), and nobody writes to them.
        """
        unfinished = tree.with_suffix(".unfinished")
        unpacked = {}
        with zipfile.ZipFile(archive) as package:
            # Of several under one name the last counts; it must not be written into a shared file.
            for member in {one.filename: one for one in package.infolist()}.values():
                content = (member.filename, member.CRC, member.file_size)
                twin = self._files.get(content)
                if twin is not None and twin.is_file():
                    # The name that it got there, from which `extract` has taken what leads out.
                    own = Path(*twin.relative_to(self._folder).parts[1:])
                    (unfinished / own).parent.mkdir(parents=True, exist_ok=True)
                    os.link(twin, unfinished / own)
                else:
                    own = Path(package.extract(member, unfinished)).relative_to(unfinished)
                unpacked[content] = tree / own
        unfinished.rename(tree)
        self._files.update(unpacked)

    def _remove_unused(self) -> None:
        workers = self._folder.parent.glob("*/code")
        used = {Path(os.path.realpath(code)) for code in workers}
        for tree in set(self._folder.iterdir()) - used:
            shutil.rmtree(tree)
