"""One version of the product at work on documents: its own process, its own code.

    python one_side.py CHECKOUT FOLDER [ADDRESS]

Both functions summarise the documents of a folder on moto, and carry out tasks about each: those of
`tasks.json` in the folder, else two questions where there is a model. What came of it goes to
standard output as JSON. Without an address the offline model picks sentences.
"""

import importlib
import json
import logging
import sys
from pathlib import Path
from typing import Any

QUESTIONS = ("How many tonnes went over the quay?", "Who has kept the minutes?")


def import_first(*names: str) -> Any:
    """The first of several modules that there is: they have moved since."""
    for name in names:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError:
            continue
    raise ModuleNotFoundError(names[0])


def run(folder: Path, address: str | None) -> list[dict[str, Any]]:
    """Each document's summary and the answers about it."""
    accounts = import_first("tests.fakes.aws.kept_account", "tests.fakes.kept_account")
    pipelines = import_first("tests.fakes.desks.running_pipeline", "tests.fakes.running_pipeline")
    build = import_first("shared.llm.build")
    given: dict[str, Any] = {"openai_base_url": address, "openai_model": "gpt-5-mini"}
    with accounts.open_account() as account:
        if "chunk_tokens" in type(account.settings).model_fields and address is None:
            # As the template sets it where there is no model.
            given["chunk_tokens"] = 8_000
        account.settings = account.settings.model_copy(update=given)
        model = build.build_language_model(account.settings, account.clients)
        with pipelines.run_pipeline(account, model=model) as pipeline:
            return [
                work_on(path, account, pipeline, list_tasks(path, asks=address is not None))
                for path in sorted(folder.glob("*.pdf"))
            ]


def list_tasks(path: Path, *, asks: bool) -> list[dict[str, Any]]:
    """The tasks about a document."""
    given = path.with_name("tasks.json")
    if given.exists():
        tasks: list[dict[str, Any]] = json.loads(given.read_text(encoding="utf-8"))[path.name]
        return tasks
    questions = QUESTIONS if asks else ()
    return [{"kind": "ask", "question": one, "documents": [path.name]} for one in questions]


def work_on(path: Path, account: Any, pipeline: Any, tasks: list[dict[str, Any]]) -> dict[str, Any]:
    """Summarise one document, and carry out the tasks."""
    account.upload(path.name, path.read_bytes())
    pipeline.run()
    document = pipeline.document(path.name)
    answers = []
    for number, task in enumerate(tasks):
        task_id = f"{path.stem}-{number}"
        body = {"v": 1, "id": task_id, **task}
        account.clients.sqs.send_message(
            QueueUrl=account.settings.work_queue_url, MessageBody=json.dumps(body)
        )
        pipeline.run()
        row = pipeline.table.read_row(*import_first("shared.ledger.tasks").task_row_key(task_id))
        key = row.get("result_key")
        answers.append(key and pipeline.read_artifact(key))
    return {
        "key": path.name,
        "status": document.status,
        "chunks": len(document.chunk_plan),
        "summary": document.result_key and pipeline.read_artifact(document.result_key),
        "answers": answers,
    }


def main() -> None:
    """Work in the checkout that is named."""
    checkout, folder, *address = sys.argv[1:]
    sys.path.insert(0, checkout)
    logging.disable(logging.CRITICAL)
    report = run(Path(folder), address[0] if address else None)
    sys.stdout.write("\n" + json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
