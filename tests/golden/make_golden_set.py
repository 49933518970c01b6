"""Make the golden set anew; the same files come of it each time.

    python -m tests.golden.make_golden_set [FOLDER]

Their answers are those of `docs/eval.md`. Scans of pages are made by `make_scans`: each is a
picture beside a copy of the answers, with `scan` among its tags.
"""

import json
import sys
from pathlib import Path

from tests.golden.documents import make_all
from tests.golden.pages import make_pdf

HERE = Path(__file__).parent


def write_golden_set(folder: Path) -> None:
    """Write all documents and their answers."""
    for document in make_all():
        (folder / f"{document.name}.pdf").write_bytes(make_pdf(document.pages))
        text = json.dumps(document.answers, ensure_ascii=False, indent=1)
        (folder / f"{document.name}.answers.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_golden_set(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
