"""`seashore local up` in the foreground, and signals."""

import signal
from datetime import UTC, datetime

import pytest

from infra.cli.local.local_stack import bring_down, bring_up
from infra.cli.output import Output
from infra.local import stack
from shared.errors import LocalStackError, OperatorError


def test_a_start_that_is_broken_off_is_not_called_done(tmp_path, monkeypatch, capsys):
    def start(*_):
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(stack, "start_local_stack", start)
    with pytest.raises(KeyboardInterrupt):
        bring_up(tmp_path, None, {}, detach=False, output=Output())
    assert "✗ Start an emulated AWS" in capsys.readouterr().err


def test_a_start_after_the_stack_was_killed_says_what_may_be_missing(tmp_path, monkeypatch, capsys):
    def start(root, report, setup):
        raise LocalStackError("not now")

    monkeypatch.setattr("infra.cli.local.local_stack.start_local_stack", start)

    def bring_up_again():
        with pytest.raises(LocalStackError, match="not now"):
            bring_up(tmp_path, None, {}, detach=True, output=Output())
        return " ".join(capsys.readouterr().err.split())

    assert "killed" not in bring_up_again()
    (tmp_path / "local.json").write_text("{}")
    assert "may be missing. `seashore put --again` brings" in bring_up_again()
    saved = tmp_path / "state" / "services" / "saved.json"
    saved.parent.mkdir(parents=True)
    saved.write_text('{"at": "2026-03-01T14:30:05+00:00", "is_last": false}')
    at = datetime(2026, 3, 1, 14, 30, 5, tzinfo=UTC).astimezone()
    told = bring_up_again()
    assert f"It goes on from what it knew at {at:%Y-%m-%d %H:%M:%S}: files that were put" in told
    # Its rows are there again, with what it says.
    assert "delete again what was deleted" in told
    saved.write_text('{"at": "2026-03-01T14:30:05+00:00", "is_last": true}')
    assert "killed" not in bring_up_again()


def test_reports_that_stay_are_not_said_to_be_deleted(tmp_path, capsys):
    bring_down(tmp_path, delete_data=True, output=Output())
    assert "stay in" not in capsys.readouterr().err
    (tmp_path / "reports" / "local").mkdir(parents=True)
    bring_down(tmp_path, delete_data=True, output=Output())
    told = " ".join(capsys.readouterr().err.split())
    assert "The reports that were made here stay in" in told


def test_a_state_folder_of_no_use_is_named_with_what_to_do(tmp_path):
    root = tmp_path / "state"
    root.write_text("a file")
    with pytest.raises(OperatorError, match=r"state cannot be used .* move it away"):
        bring_up(root, None, {}, detach=True, output=Output())
    with pytest.raises(OperatorError, match="state cannot be used"):
        bring_down(root, delete_data=True, output=Output())
