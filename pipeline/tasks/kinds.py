"""The kinds of tasks that users send: one entry for each, by the `kind` of its message.

What its message looks like is in `shared/messages/tasks.py`.
"""

from typing import Any

from pipeline.tasks.agent.agent import carry_out_agent
from pipeline.tasks.ask import carry_out_ask
from pipeline.tasks.extract.extract import carry_out_extract
from pipeline.tasks.extract.list_files import build_extract_files
from pipeline.tasks.summarize import carry_out_summarize
from pipeline.tasks.task_documents import wait_for_summary
from pipeline.tasks.task_kind import TaskKind
from pipeline.tasks.task_markdown import (
    render_answer,
    render_fields,
    render_summary,
    render_work,
)

TASK_KINDS: dict[str, TaskKind[Any, Any]] = {
    "summarize": TaskKind(carry_out_summarize, render_summary, wait_for_documents=wait_for_summary),
    "ask": TaskKind(carry_out_ask, render_answer),
    "extract": TaskKind(carry_out_extract, render_fields, build_extract_files),
    "agent": TaskKind(carry_out_agent, render_work),
}
