"""Resolve every lock file of this folder anew: `make lock`."""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
PROJECT = FOLDER.parent.parent / "pyproject.toml"

FUNCTIONS = (
    *("ingest", "convert", "recognise", "worker", "report", "api", "operator", "pages"),
    "database",
)

# Their needs clash with ours or with each other's, so each has an environment of its own.
AUDIT_TOOLS = ("bandit", "checkov", "detect-secrets", "sam")

# Of django-htmx the API has one static file.
_WITHOUT = {"api": ("asgiref", "django", "sqlparse")}

LOCKS = {
    "emulator.txt": ["--group", f"{PROJECT}:emulator"],
    "scripts.txt": ["--group", f"{PROJECT}:scripts", "--no-deps"],
    **{f"{tool}.txt": ["--group", f"{PROJECT}:{tool}"] for tool in AUDIT_TOOLS},
    # MuPDF is under the AGPL, so these readers stay apart from all that is shipped.
    "format-peers.txt": ["--group", f"{PROJECT}:format-peers"],
    "judges.txt": ["--group", f"{PROJECT}:judges"],
    "task-peers.txt": ["--group", f"{PROJECT}:task-peers"],
    "servers.txt": ["--group", f"{PROJECT}:servers"],
    "servers-model.txt": ["--group", f"{PROJECT}:servers-model", "--no-deps"],
    "command-line.txt": [str(PROJECT), str(FOLDER / "build-backend.in")],
    "development.txt": [
        str(PROJECT),
        str(FOLDER / "build-backend.in"),
        "--group",
        f"{PROJECT}:dev",
    ],
    # The versions are those that the tests run with, and so the same in all functions.
    **{
        f"functions-{name}.txt": [
            *("--group", f"{PROJECT}:{name}"),
            *("--constraint", str(FOLDER / "development.txt")),
            *(f"--no-emit-package={needless}" for needless in _WITHOUT.get(name, ())),
        ]
        for name in FUNCTIONS
    },
    "bootstrap.txt": [str(FOLDER / "bootstrap.in")],
}


def compile_locks() -> None:
    """Run `uv pip compile` once a lock file, for every Python from 3.11 and every platform."""
    uv = Path(sys.executable).with_name("uv")
    for name, sources in LOCKS.items():
        subprocess.run(  # noqa: S603 - a fixed command with this project's own files
            [
                str(uv), "pip", "compile", "--quiet", "--universal", "--generate-hashes",
                "--python-version", "3.11", "--no-header", "--no-annotate", "--upgrade",
                "--output-file", str(FOLDER / name), *sources,
            ],
            check=True,
        )  # fmt: skip
        sys.stdout.write(f"{name}\n")


if __name__ == "__main__":
    compile_locks()
