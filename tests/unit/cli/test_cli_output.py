"""What reaches a terminal: harmless, in whole lines, and to the right stream."""

import errno
import io
import json
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from infra.cli.output import Output, is_confirmed, take_place, write_whole
from shared.errors import WrongUsageError
from shared.printable import to_printable


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_an_escape_sequence_of_a_title_does_not_reach_the_terminal():
    assert "\x1b" not in to_printable("\x1b[2J\x1b]0;owned\x07")
    assert to_printable("a\r\nb\tc") == "a  b c"


def test_a_change_of_writing_direction_is_dropped():
    assert to_printable("invoice\u202efdp.exe") == "invoicefdp.exe"


def test_the_joiners_that_some_scripts_need_stay():
    persian = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
    assert to_printable(persian) == persian


@given(st.text())
def test_any_text_becomes_one_harmless_line(text):
    printable = to_printable(text)
    assert len(printable.splitlines()) <= 1
    assert all(character >= " " and not "\x7f" <= character <= "\x9f" for character in printable)
    assert to_printable(printable) == printable


def test_talk_goes_to_stderr_and_results_to_stdout(capsys):
    output = Output()
    output.say("talk [bold]as it is[/bold]")
    output.write_line(["id", "a\tkey\nwith breaks"])
    output.write_json({"key": "år"})
    captured = capsys.readouterr()
    assert captured.err == "talk [bold]as it is[/bold]\n"
    assert captured.out.startswith("id\ta key with breaks\n")
    assert json.loads(captured.out.split("\n", 1)[1]) == {"key": "år"}


def test_a_question_on_a_terminal_says_what_may_be_answered(monkeypatch, capsys):
    output = Output()
    output.talk = Console(file=sys.stderr, force_terminal=True, markup=False, color_system=None)
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert is_confirmed("Delete 1 for good?", yes=False, output=output)
    assert "Delete 1 for good? [y/N] " in capsys.readouterr().err


@pytest.mark.parametrize("place", ["folder", "file/x.md", "file/deeper/x.md", f"{'long' * 100}.md"])
def test_a_place_where_no_file_can_be_is_named(tmp_path, place):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("here")
    path = tmp_path / place
    with (
        pytest.raises(WrongUsageError, match=r"cannot be written: .+ Name another"),
        take_place(path),
    ):
        path.write_text("there")
    with take_place(tmp_path / "new" / "x.md"):
        (tmp_path / "new" / "x.md").write_text("there")


def test_a_file_is_there_whole_or_not_at_all(tmp_path):
    path = tmp_path / "x.md"
    with write_whole(path) as part:
        part.write_text("old")
        assert not path.exists()
    with pytest.raises(OSError, match="No space left") as caught, write_whole(path) as part:
        part.write_text("ne")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert caught.value.filename == str(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_and_a_device_are_written_to_and_not_replaced(tmp_path):
    target, link = tmp_path / "real.md", tmp_path / "link.md"
    link.symlink_to(target)
    with write_whole(link) as part:
        part.write_text("here")
    assert (link.is_symlink(), target.read_text()) == (True, "here")
    with write_whole(Path(os.devnull)) as part:
        assert part == Path(os.devnull)


@pytest.mark.parametrize("place", ["folder", "file/x.md", f"{'long' * 100}.md"])
def test_nor_can_a_whole_file_be_written_where_none_can_be(tmp_path, place):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("here")
    with (
        pytest.raises(WrongUsageError, match=r"cannot be written: .+ Name another"),
        write_whole(tmp_path / place) as part,
    ):
        part.write_text("there")


def test_nothing_is_styled_or_cut_where_nobody_looks_on(capsys):
    Output().say("x" * 500, style="bold red")
    assert capsys.readouterr().err == "x" * 500 + "\n"


def test_prose_is_broken_and_its_lines_hang(capsys):
    Output().write_prose("• " + "word " * 40, indent=2, hang=2)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 1
    assert lines[0].startswith("  • word")
    assert all(line.startswith("    word") for line in lines[1:])
    assert all(len(line) <= 96 and line == line.rstrip() for line in lines)


@pytest.mark.parametrize("columns", [40, 80])
def test_a_table_shows_each_name_whole_however_narrow_the_terminal_is(columns):
    output = Output()
    written = io.StringIO()
    output.results = Console(
        file=written, width=columns, force_terminal=True, color_system=None, highlight=False
    )
    name = "a1b2c3d4-0000-4000-8000-0123456789ab"
    row = (name, "waits", Text("DONE"), "3", "28 Nov 10:41")
    output.write_table(
        {"id": "name", "about": "short", "status": "word", "pages": "number", "received": "word"},
        [row],
        [row],
    )
    lines = written.getvalue().splitlines()
    assert all(len(line) <= columns for line in lines)
    assert sum(name in line for line in lines) == 1
    told = " ".join(" ".join(lines).split())
    assert all(str(cell) in told for cell in row)
    assert ("pages 3" in told) == (columns == 40)


@pytest.mark.parametrize(("columns", "is_table"), [(60, False), (80, True)])
def test_a_table_that_would_cut_its_names_into_scraps_is_written_cell_after_cell(columns, is_table):
    output = Output()
    written = io.StringIO()
    output.results = Console(file=written, width=columns, force_terminal=True, color_system=None)
    row = ("a1b2c3d4", "worker", "InvalidTaskError", "summarize", "docs/scan.tiff", "28 Nov 10:41")
    headings = ("id", "queue", "error", "kind", "subject", "died")
    output.write_table(
        dict(zip(headings, ("word", "word", "name", "name", "name", "word"), strict=True)),
        [row],
        [row],
    )
    assert ("queue" in written.getvalue()) == is_table
    assert is_table or "docs/scan.tiff" in written.getvalue()
