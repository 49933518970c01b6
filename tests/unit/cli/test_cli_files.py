"""Which files `seashore put` takes and which it skips."""

import os

import pytest

from infra.cli.put.files import FileToPut, SkippedFile, collect_files
from shared.errors import WrongUsageError


def collect(*names, prefix=""):
    """The keys that are taken and the reasons for what is not, by name."""
    found = list(collect_files([str(name) for name in names], prefix))
    keys = [entry.key for entry in found if isinstance(entry, FileToPut)]
    skipped = {entry.path: entry.reason for entry in found if isinstance(entry, SkippedFile)}
    return keys, skipped


def make_files(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%PDF-1.7")


def test_a_file_keeps_its_name_whatever_is_in_it(tmp_path):
    name = "år rapport+1 (final) 100%25.PDF"
    make_files(tmp_path, name)
    assert collect(tmp_path / name) == ([name], {})


def test_a_named_file_is_taken_whatever_it_is_called(tmp_path):
    make_files(tmp_path, "notes.txt", ".hidden.pdf")
    assert collect(tmp_path / "notes.txt", tmp_path / ".hidden.pdf")[0] == [
        "notes.txt",
        ".hidden.pdf",
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "The file is empty (0 bytes)."),
        (b"PK\x03\x04 and more", "the list of what is packed in it cannot be read"),
        (b"\x7fELF", "it is a program"),
    ],
)
def test_what_the_pipeline_would_refuse_is_refused_here_with_its_reason(tmp_path, content, reason):
    (tmp_path / "a.pdf").write_bytes(content)
    (entry,) = collect_files([str(tmp_path / "a.pdf")], "")
    assert isinstance(entry, SkippedFile)
    assert entry.is_failure
    assert reason in entry.reason


def test_a_folder_gives_every_pdf_in_it_with_its_own_name_and_the_path_inside(tmp_path):
    folder = tmp_path / "contracts"
    make_files(folder, "b.PDF", "a.pdf", "2024/q1/c.Pdf", "notes.zip")
    wanted = ["contracts/a.pdf", "contracts/b.PDF", "contracts/2024/q1/c.Pdf"]
    skipped = {str(folder / "notes.zip"): "not named as a document of a kind that is read"}
    assert collect(folder) == (wanted, skipped)
    assert collect(f"{folder}/") == (wanted, skipped)
    assert collect(folder / "2024" / "..")[0] == wanted


def test_the_folder_that_one_stands_in_gives_no_name(tmp_path, monkeypatch):
    make_files(tmp_path, "a.pdf", "2024/b.pdf")
    monkeypatch.chdir(tmp_path / "2024")
    assert collect(".")[0] == ["b.pdf"]
    assert collect("..")[0] == [f"{tmp_path.name}/a.pdf", f"{tmp_path.name}/2024/b.pdf"]


def test_hidden_files_and_folders_of_a_folder_are_left_out_and_named(tmp_path):
    make_files(tmp_path, "a.pdf", "._a.pdf", ".git/b.pdf", ".DS_Store")
    keys, skipped = collect(tmp_path)
    assert keys == [f"{tmp_path.name}/a.pdf"]
    assert skipped == {str(tmp_path / "._a.pdf"): "hidden", str(tmp_path / ".git"): "hidden"}


def test_what_is_left_out_by_rule_is_no_failure(tmp_path):
    make_files(tmp_path, "a.pdf", "._a.pdf")
    make_files(tmp_path / "elsewhere", "b.pdf")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    skipped = [e for e in collect_files([str(tmp_path)], "") if isinstance(e, SkippedFile)]
    assert {entry.reason for entry in skipped} == {"hidden", "a link to a folder"}
    assert not any(entry.is_failure for entry in skipped)


def test_a_prefix_is_a_folder_of_the_bucket_with_or_without_slashes(tmp_path):
    make_files(tmp_path, "a.pdf", "sub/b.pdf")
    for prefix in ("reports/2024", "/reports/2024/"):
        keys, _ = collect(tmp_path, tmp_path / "a.pdf", prefix=prefix)
        assert keys == [
            f"reports/2024/{tmp_path.name}/a.pdf",
            f"reports/2024/{tmp_path.name}/sub/b.pdf",
            "reports/2024/a.pdf",
        ]


@pytest.mark.parametrize("prefix", ["/a/../b", "..", "a/./b", "a//b", "a\n"])
def test_a_prefix_that_no_key_can_begin_with_is_refused(tmp_path, prefix):
    make_files(tmp_path, "a.pdf")
    with pytest.raises(WrongUsageError, match="--prefix"):
        list(collect_files([str(tmp_path / "a.pdf")], prefix))


def test_a_pattern_counts_as_the_folder_before_its_first_wildcard(tmp_path):
    make_files(tmp_path, "x/2023/a.pdf", "x/2024/a.pdf", "x/2024/.b.pdf")
    assert collect(tmp_path / "x" / "*" / "*.pdf")[0] == ["2023/a.pdf", "2024/a.pdf"]
    assert collect(tmp_path / "x" / "**" / "*.pdf")[0] == ["2023/a.pdf", "2024/a.pdf"]


def test_a_folder_that_a_pattern_matches_is_searched(tmp_path):
    make_files(tmp_path, "x/2023/a.pdf", "x/2024/deep/b.pdf")
    assert collect(tmp_path / "x" / "20*")[0] == ["2023/a.pdf", "2024/deep/b.pdf"]


def test_a_file_whose_name_looks_like_a_pattern_is_a_file(tmp_path):
    make_files(tmp_path, "a[1].pdf", "a1.pdf")
    assert collect(tmp_path / "a[1].pdf")[0] == ["a[1].pdf"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nope.pdf", "does not exist"),
        ("none-*.pdf", "matches no file"),
        ("empty-folder", "holds no document of a kind that is read"),
        ("dangling.pdf", "is a link to a file that does not exist"),
        ("pipe.pdf", "is not a regular file"),
        ("x" * 200 + ".pdf", "its key is longer than 1024 bytes"),
    ],
)
def test_what_cannot_be_put_is_a_failure_with_its_reason(tmp_path, name, reason):
    (tmp_path / "empty-folder").mkdir()
    (tmp_path / "dangling.pdf").symlink_to(tmp_path / "gone")
    if name == "pipe.pdf":
        os.mkfifo(tmp_path / name)
    if len(name) > 200:
        make_files(tmp_path, name)
    prefix = "p" * 900 if len(name) > 200 else ""
    (entry,) = collect_files([str(tmp_path / name)], prefix)
    assert entry == SkippedFile(str(tmp_path / name), reason, is_failure=True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_a_failure(tmp_path):
    make_files(tmp_path, "a.pdf", "sub/b.pdf")
    (tmp_path / "a.pdf").chmod(0)
    (tmp_path / "sub").chmod(0)
    try:
        _, skipped = collect(tmp_path)
    finally:
        (tmp_path / "sub").chmod(0o700)
    assert set(skipped.values()) == {"cannot be read: Permission denied"}


def test_a_name_that_is_no_unicode_cannot_be_a_key(tmp_path):
    path = os.fsencode(tmp_path) + b"/\xff.pdf"
    try:
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
    except OSError as error:
        pytest.skip(f"the file system takes only UTF-8: {error}")
    (entry,) = collect_files([str(tmp_path)], "")
    assert isinstance(entry, SkippedFile)
    assert "not valid UTF-8" in entry.reason


def test_two_files_never_share_a_key(tmp_path):
    make_files(tmp_path, "x/a.pdf", "y/a.pdf")
    found = list(collect_files([str(tmp_path / "x/a.pdf"), str(tmp_path / "y/a.pdf")], ""))
    assert isinstance(found[1], SkippedFile)
    assert found[1].is_failure
    assert found[1].reason.startswith(f"gets the same key as {tmp_path / 'x/a.pdf'}")


def test_a_file_that_is_named_twice_is_put_once_unless_its_key_is_another(tmp_path):
    make_files(tmp_path, "a.pdf")
    found = list(collect_files([str(tmp_path / "a.pdf"), str(tmp_path)], ""))
    keys = [entry.key for entry in found if isinstance(entry, FileToPut)]
    assert keys == ["a.pdf", f"{tmp_path.name}/a.pdf"]
    again = list(collect_files([str(tmp_path / "a.pdf")] * 2, ""))
    assert isinstance(again[1], SkippedFile)
    assert not again[1].is_failure
