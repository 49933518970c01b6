"""Resolve every lock file of this folder anew: `make lock`."""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
PROJECT = FOLDER.parent.parent / "pyproject.toml"

# The Lambda runtime brings boto3 and what it needs; only Powertools' own needs stay in the zip.
RUNTIME_PACKAGES = ("boto3", "botocore", "s3transfer")

LOCKS = {
    "functions.txt": ["--group", f"{PROJECT}:functions"],
    "emulator.txt": ["--group", f"{PROJECT}:emulator"],
    "command-line.txt": [str(PROJECT), str(FOLDER / "build-backend.in")],
    "development.txt": [
        str(PROJECT),
        str(FOLDER / "build-backend.in"),
        "--group",
        f"{PROJECT}:dev",
    ],
    "bootstrap.txt": [str(FOLDER / "bootstrap.in")],
}


def compile_locks() -> None:
    """Run `uv pip compile` once a lock file, for every Python from 3.11 and every platform."""
    uv = Path(sys.executable).with_name("uv")
    for name, sources in LOCKS.items():
        without = [flag for package in RUNTIME_PACKAGES for flag in ("--no-emit-package", package)]
        subprocess.run(  # noqa: S603 - a fixed command with this project's own files
            [
                str(uv), "pip", "compile", "--quiet", "--universal", "--generate-hashes",
                "--python-version", "3.11", "--no-header", "--no-annotate", "--upgrade",
                *(without if name == "functions.txt" else []),
                "--output-file", str(FOLDER / name), *sources,
            ],
            check=True,
        )  # fmt: skip
        sys.stdout.write(f"{name}\n")


if __name__ == "__main__":
    compile_locks()
