"""What the worker loads when it starts."""

import os
import subprocess
import sys

from infra.project_files import PROJECT

# What few of its containers get: a tick, a picture, a redo, a report's dead letter.
SELDOM = ("pipeline.dead_letters", "pipeline.recognition", "pipeline.operations", "pipeline.report")


def test_the_worker_starts_without_what_few_of_its_containers_need():
    program = "import sys, functions.worker; print(*sys.modules)"
    loaded = subprocess.run(  # noqa: S603 - a fixed program
        [sys.executable, "-c", program],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split()
    assert "pipeline.work_items" in loaded
    assert [name for name in loaded if name.startswith(SELDOM)] == []
