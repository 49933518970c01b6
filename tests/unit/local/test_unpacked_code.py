"""Code of functions is unpacked once for all workers of the local stack that run it."""

import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infra.local.unpacked_code import UnpackedCode


@pytest.fixture
def start(tmp_path):
    """Starts a worker with this code, as the emulator does: the folder of its code."""
    (tmp_path / "code-of-all").mkdir()
    unpacked = UnpackedCode(tmp_path / "code-of-all")

    def start_worker(name: str, text: str, dependency: str = "") -> Path:
        code = tmp_path / name / "code"
        code.mkdir(parents=True)
        archive = code.with_name("code.zip")
        with zipfile.ZipFile(archive, "w") as package:
            package.writestr(zipfile.ZipInfo("functions/worker.py"), text)
            package.writestr(zipfile.ZipInfo("tides/__init__.py"), dependency)
        unpacked.put(archive, code)
        return code

    return start_worker


def list_trees(tmp_path):
    return sorted((tmp_path / "code-of-all").iterdir())


def end(code):
    """What the emulator does when a worker has ended."""
    code.unlink()
    code.parent.rmdir()


def test_workers_of_one_package_share_one_tree(start, tmp_path):
    first, second = start("first", "x = 1"), start("second", "x = 1")
    assert first.resolve() == second.resolve()
    assert (second / "functions" / "worker.py").read_text() == "x = 1"
    assert list_trees(tmp_path) == [first.resolve()]
    assert list(second.parent.iterdir()) == [second]  # the package lies there no longer


def test_workers_that_start_at_once_share_one_tree(start, tmp_path):
    with ThreadPoolExecutor(8) as pool:
        started = list(pool.map(start, map(str, range(8)), ["x = 1"] * 8))
    assert {code.resolve() for code in started} == set(list_trees(tmp_path))
    assert {(code / "functions/worker.py").read_text() for code in started} == {"x = 1"}


def test_other_code_is_other_and_stays_while_a_worker_has_it(start, tmp_path):
    old, new = start("old", "x = 1"), start("new", "x = 2")
    assert (old / "functions" / "worker.py").read_text() == "x = 1"
    assert (new / "functions" / "worker.py").read_text() == "x = 2"
    assert len(list_trees(tmp_path)) == 2


def test_what_no_worker_has_any_longer_goes_when_other_code_comes(start, tmp_path):
    end(start("old", "x = 1"))
    new = start("new", "x = 2")
    assert list_trees(tmp_path) == [new.resolve()]


def test_a_package_that_cannot_be_unpacked_leaves_nothing(start, tmp_path):
    (tmp_path / "broken" / "code").mkdir(parents=True)
    (tmp_path / "broken" / "code.zip").write_bytes(b"PK")
    unpacked = UnpackedCode(tmp_path / "code-of-all")
    with pytest.raises(zipfile.BadZipFile):
        unpacked.put(tmp_path / "broken" / "code.zip", tmp_path / "broken" / "code")
    assert not (tmp_path / "broken" / "code").is_symlink()
    assert list_trees(tmp_path) == []
    assert (start("whole", "x = 1") / "functions" / "worker.py").read_text() == "x = 1"


def test_what_two_packages_hold_alike_is_one_file(start):
    first, second = start("first", "x = 1", "high = 2"), start("second", "x = 2", "high = 2")
    other = start("other", "x = 3", "high = 3")
    assert first.resolve() != second.resolve()
    assert (first / "tides/__init__.py").samefile(second / "tides/__init__.py")
    assert (second / "functions/worker.py").read_text() == "x = 2"
    assert (other / "tides/__init__.py").read_text() == "high = 3"


def test_what_a_package_shares_stays_when_the_other_goes(start, tmp_path):
    end(start("old", "x = 1", "high = 2"))
    new = start("new", "x = 2", "high = 2")
    end(new)
    newest = start("newest", "x = 3", "high = 2")
    assert list_trees(tmp_path) == [newest.resolve()]
    assert (newest / "tides/__init__.py").read_text() == "high = 2"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_a_package_has_twice_is_its_last_and_no_other_packages(tmp_path):
    (tmp_path / "code-of-all").mkdir()
    unpacked, codes = UnpackedCode(tmp_path / "code-of-all"), []
    for contents in (["high = 2"], ["high = 2", "high = 3"], ["high = 2", "high = 2"]):
        code = tmp_path / f"worker-{len(codes)}" / "code"
        code.mkdir(parents=True)
        archive = code.with_name("code.zip")
        with zipfile.ZipFile(archive, "w") as package:
            for content in contents:
                package.writestr(zipfile.ZipInfo("tides.py"), content)
        unpacked.put(archive, code)
        codes.append(code)
    kept = [(code / "tides.py").read_text() for code in codes]
    assert kept == ["high = 2", "high = 3", "high = 2"]
