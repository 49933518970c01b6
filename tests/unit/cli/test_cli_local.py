"""`seashore local up` in the foreground, and signals."""

import signal

import pytest

from infra.cli.local.local_stack import bring_up
from infra.cli.output import Output
from infra.local import stack


def test_a_start_that_is_broken_off_is_not_called_done(tmp_path, monkeypatch, capsys):
    def start(*_):
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(stack, "start_local_stack", start)
    with pytest.raises(KeyboardInterrupt):
        bring_up(tmp_path, None, {}, detach=False, output=Output())
    assert "✗ Start an emulated AWS" in capsys.readouterr().err
