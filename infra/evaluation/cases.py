"""Documents with known answers, `NAME.answers.json` beside each, and what came of one of them.

The format is in docs/eval.md.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.tasks.extract.field_schema import read_field_schema
from shared.errors import TaskRefusedError, WrongUsageError
from shared.messages.problem_words import describe_problem
from shared.messages.tasks import FieldsToFind, Prompt

ENDING = ".answers.json"

Json = Mapping[str, Any]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class KnownSummary(_Strict):
    """What a summary should name: names as they stand in the text, dates as YYYY-MM-DD."""

    names: list[str] = []
    dates: list[str] = []


class KnownQuestion(_Strict):
    """A question about a document.

    Args:
        question: The question.
        answers: Texts of which one has to stand in the answer; none if nothing answers it.
        pages: The pages of which one has to be cited; any if there are none.
    """

    question: Prompt
    answers: list[str]
    pages: list[int] = []


class KnownFields(_Strict):
    """Fields to extract.

    Args:
        fields_schema: The JSON Schema of the task.
        fields: The right value of each field; null for what the document does not say.
        pages: For fields without lists the pages of which one has to be named.
        rows: For each list, by the way to it (`invoice.lines`), the page of each of its rows.
        conflicts: Fields of which pages say different things, with all values.
    """

    fields_schema: FieldsToFind = Field(alias="schema")
    fields: dict[str, Any]
    pages: dict[str, list[int]] = {}
    rows: dict[str, list[int]] = {}
    conflicts: dict[str, list[Any]] = {}


class EvalCase(_Strict):
    """A document and what should come of it.

    Args:
        document: The name of its file, in the same folder.
        language: Its language, as an ISO 639-1 code.
        tags: What kind of document it is, in words of your own: `form`, `list`, `scan`.
        status: The status that it has to end in; any if it is not said.
        text: What stands on each page. Claims are held against it, else against what was read.
        summary: What the summary should name.
        questions: Questions about it.
        extract: Fields to extract.
    """

    document: str = Field(min_length=1)
    language: str = ""
    tags: list[str] = []
    status: str | None = None
    text: list[str] = []
    summary: KnownSummary = KnownSummary()
    questions: list[KnownQuestion] = []
    extract: list[KnownFields] = []


@dataclass(frozen=True)
class Outcome:
    """What came of one document.

    Args:
        status: The status of the document; None if it is not final.
        summary: Its `summary.json`, if there is one.
        texts: What was read of each page; empty if nobody has looked.
        answers: For each question the result of its task; None where it has none.
        extracts: The same for fields. Empty if nothing was extracted, as there is no model.
        failures: Why tasks have failed.
    """

    status: str | None
    summary: Json | None
    texts: Sequence[str] = ()
    answers: Sequence[Json | None] = ()
    extracts: Sequence[Json | None] = ()
    failures: Sequence[str] = field(default_factory=tuple)

    @property
    def results(self) -> list[Json]:
        """All results that say what they cost."""
        return [one for one in (self.summary, *self.answers, *self.extracts) if one is not None]


def read_cases(folder: Path) -> list[EvalCase]:
    """The cases of a folder, by the names of their files.

    Raises:
        WrongUsageError: There are none, one cannot be read, or its document is not there.
    """
    if not folder.is_dir():
        raise WrongUsageError(f"There is no folder {folder}: docs/eval.md says what goes into one.")
    files = sorted(folder.glob(f"*{ENDING}"))
    if not files:
        raise WrongUsageError(
            f"{folder} holds no file that ends in {ENDING}: docs/eval.md says what goes into one."
        )
    return [_read_case(file) for file in files]


def _read_case(file: Path) -> EvalCase:
    try:
        case = EvalCase.model_validate(json.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise WrongUsageError(f"{file} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        raise WrongUsageError(f"{file}: {'; '.join(_list_problems(error))}.") from None
    except (ValueError, RecursionError) as error:
        raise WrongUsageError(f"{file} is not JSON in UTF-8: {error}.") from None
    if Path(case.document).name != case.document or not (file.parent / case.document).is_file():
        raise WrongUsageError(f"{file} is about {case.document}, which is not beside it.")
    for known in case.extract:
        try:
            read_field_schema(known.fields_schema)
        except TaskRefusedError as error:
            raise WrongUsageError(f"{file}: {error}.") from None
    return case


def _list_problems(error: ValidationError) -> Iterator[str]:
    for problem in error.errors(include_input=False):
        yield f"{'.'.join(map(str, problem['loc']))}: {describe_problem(problem)}"
