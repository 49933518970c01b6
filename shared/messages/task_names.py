"""Tasks by name: what their ids may look like, which are the pipeline's own, which need a model."""

import hashlib

TASK_ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"
TASK_ID_WORDS = (
    "it may have letters, digits, dots, hyphens and underscores, 100 at the most, and begins with "
    "a letter or digit"
)

# What the ids of the pipeline's own tasks begin with: the digests of the daily reports. A report
# does not count them among the tasks that users have sent.
_OWN_TASKS = "seashore-digest-"

# Kinds of tasks for which picking sentences is no help.
NEED_MODEL = frozenset({"extract", "agent"})


def say_model_is_needed(kind: str) -> str:
    """Why a task of a kind is refused where no language model is configured, and what to do."""
    return (
        f"{kind} needs a language model and none is configured: set OPENAI_API_KEY or "
        "OPENAI_BASE_URL (on AWS the parameters OpenAiApiKeySecret or OpenAiBaseUrl), then send "
        "the task again"
    )


def name_digest_task(day: str, digest: str) -> str:
    """The id of the task that writes the digest of a day's documents.

    Args:
        day: The day, as `YYYY-MM-DD`.
        digest: Tells its text from another of the same day.
    """
    return f"{_OWN_TASKS}{day}-{digest}"


def digest_text(text: str) -> str:
    """What tells the text of a day's digest from another."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def is_own_task(task_id: str) -> bool:
    """Whether a task's id is one of the pipeline's own, which no user may give."""
    return task_id.startswith(_OWN_TASKS)
