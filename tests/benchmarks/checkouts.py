"""The product's code as it is in a checkout, or was at a commit, for a process of its own."""

import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

CHECKOUT = Path(__file__).parents[2]
# What extraction is compared with.
BASE_COMMIT = "da1ba18"


@contextmanager
def check_out_base(
    commit: str, packages: Sequence[str] = ("pipeline", "shared")
) -> Iterator[Path | None]:
    """A folder with the code as it was at a commit; None if this clone has no such."""
    git = shutil.which("git")
    archive = git and subprocess.run(  # noqa: S603 - a fixed command
        [git, "-C", str(CHECKOUT), "archive", commit, *packages],
        capture_output=True,
        check=False,
    )
    if not archive or archive.returncode:
        sys.stderr.write(
            f"The commit {commit} is not in this clone and is left out: `git fetch --unshallow` "
            "brings it.\n"
        )
        yield None
        return
    with TemporaryDirectory() as folder:
        with tarfile.open(fileobj=BytesIO(archive.stdout)) as files:
            files.extractall(folder, filter="data")
        yield Path(folder)


def link_product(checkout: Path, folder: Path) -> Path:
    """A folder with the product's code in a checkout, and none of its tests."""
    for package in ("pipeline", "shared"):
        (folder / package).symlink_to((checkout / package).absolute(), target_is_directory=True)
    return folder
