"""Every kind of task that a sender may send has an entry, and every entry has its kind."""

from typing import get_args

from pipeline.tasks.kinds import TASK_KINDS
from shared.messages.tasks import Task


def test_the_worker_knows_the_kinds_that_may_be_sent():
    kinds = {message.model_fields["kind"].default for message in get_args(Task)}
    assert set(TASK_KINDS) == kinds
