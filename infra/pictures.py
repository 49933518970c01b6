"""Make the pictures of the README from what the last `seashore demo` left: `make pictures`.

Debian's Chromium takes them (`apt-get install chromium`); nothing else needs it.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from infra.cli.items.show import StoredSummary, write_summary
from infra.cli.local.demo import RESULTS, open_demo_folder
from infra.cli.output import Output
from infra.project_files import PROJECT
from pipeline.summaries.results import DocumentSummary
from shared.errors import OperatorError, SeashoreError

_DOCUMENT = "tidal-energy-report.json"
_COLUMNS = 76
# Pixels of the page; the picture has twice as many, for screens of today.
_WIDTH, _SUMMARY_HEIGHT, _REPORT_HEIGHT = 780, 880, 880


def make_pictures(results: Path, folder: Path) -> list[Path]:
    """Take a picture of a summary, as `seashore show` writes it, and of a report.

    Args:
        results: The results of a demo.
        folder: Where the pictures go.

    Returns:
        Their paths.

    Raises:
        OperatorError: There is no Chromium, or no demo has run.
    """
    report = results / "report.html"
    if not report.exists():
        raise OperatorError("No results of a demo are there: run `make demo` first.")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        page = Path(temporary, "summary.html")
        page.write_text(_render_summary(results / _DOCUMENT), encoding="utf-8")
        summary = _photograph(page, folder / "summary.png", _SUMMARY_HEIGHT)
    return [summary, _photograph(report, folder / "report.png", _REPORT_HEIGHT)]


def _render_summary(path: Path) -> str:
    summary = DocumentSummary.model_validate_json(path.read_text(encoding="utf-8"))
    output = Output()
    with Path("/dev/null").open("w", encoding="utf-8") as nowhere:
        output.results = Console(
            record=True, width=_COLUMNS, file=nowhere, markup=False, emoji=False, highlight=False
        )
        write_summary(StoredSummary(summary, "", ""), output)
    return output.results.export_html()


def _photograph(page: Path, picture: Path, height: int) -> Path:
    chromium = shutil.which("chromium")
    if chromium is None:
        raise OperatorError("The pictures are taken by Chromium: apt-get install chromium.")
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(  # noqa: S603  # a browser by its full path, on a file of ours
            [
                chromium,
                *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
                *("--disable-background-networking", "--disable-sync", "--hide-scrollbars"),
                *(f"--user-data-dir={profile}", "--force-device-scale-factor=2"),
                *(f"--window-size={_WIDTH},{height}", f"--screenshot={picture}"),
                page.resolve().as_uri(),
            ],
            check=True,
            capture_output=True,
        )
    return picture


if __name__ == "__main__":
    try:
        for made in make_pictures(open_demo_folder().root / RESULTS, PROJECT / "docs/pictures"):
            print(made)
    except SeashoreError as error:
        sys.exit(f"Error: {error}")
