"""One version of the product at work on documents: its own process, its own code.

    python one_side.py CHECKOUT FOLDER [ADDRESS]

Both functions summarise the documents of a folder on moto, and answer two questions to each where
there is a model; what came of it goes to standard output as JSON. Without an address the offline
model picks sentences.
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
                work_on(path, account, pipeline, asks=address is not None)
                for path in sorted(folder.glob("*.pdf"))
            ]


def work_on(path: Path, account: Any, pipeline: Any, *, asks: bool) -> dict[str, Any]:
    """Summarise one document, and ask the questions."""
    account.upload(path.name, path.read_bytes())
    pipeline.run()
    document = pipeline.document(path.name)
    answers = []
    for number, question in enumerate(QUESTIONS if asks else ()):
        task_id = f"{path.stem}-{number}"
        body = {
            "kind": "ask",
            "v": 1,
            "id": task_id,
            "question": question,
            "documents": [path.name],
        }
        account.clients.sqs.send_message(
            QueueUrl=account.settings.work_queue_url, MessageBody=json.dumps(body)
        )
        pipeline.run()
        row = pipeline.table.read_row(*import_first("shared.ledger.tasks").task_row_key(task_id))
        answers.append(pipeline.read_artifact(row["result_key"]))
    return {
        "key": path.name,
        "chunks": len(document.chunk_plan),
        "summary": pipeline.read_artifact(document.result_key),
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
