"""`seashore conversations`: what was said to the agent, over the HTTP API of the stack."""

from urllib.parse import quote

from infra.cli.chat.api_client import ApiClient
from infra.cli.chat.chat import read_thread
from infra.cli.output import Output
from infra.cli.times import describe_time


def write_conversations(api: ApiClient, *, as_json: bool, output: Output) -> None:
    """Write the conversations of whoever holds the key, the newest first, at most 100.

    Raises:
        OperatorError: The API cannot be reached, or refuses.
    """
    threads = api.send("GET", "/threads")["threads"]
    if as_json:
        output.write_json(threads)
        return
    output.write_table(
        {"id": "name", "turns": "number", "began with": "short", "last": "word"},
        [
            (one["thread_id"], str(one["turns"]), one["title"], describe_time(one["updated_at"]))
            for one in threads
        ],
        [(one["thread_id"], one["turns"], one["title"], one["updated_at"]) for one in threads],
    )
    if not threads:
        output.say("There is no conversation: `seashore chat` begins one.")


def write_conversation(api: ApiClient, thread_id: str, *, as_json: bool, output: Output) -> None:
    """Write the newest turns of a conversation, the oldest of them first.

    Raises:
        UnknownItemError: There is none of that id.
    """
    thread = read_thread(api, thread_id)
    if as_json:
        output.write_json(thread)
        return
    turns = thread["history"]
    for turn in turns:
        output.write_prose(f"You: {turn['message']}", style="bold")
        output.write()
        for paragraph in turn["answer"].splitlines():
            output.write_prose(paragraph)
        output.write()
    left_out = thread["turns"] - len(turns)
    if left_out > 0:
        output.say(f"{left_out:,} earlier turns are not shown.")
    output.say(f"Go on with it: seashore chat --thread {thread_id}", style="dim")


def delete_conversation(api: ApiClient, thread_id: str, output: Output) -> None:
    """Delete a conversation with all that was said.

    Raises:
        UnknownItemError: There is none of that id.
        ApiRefusalError: It is being answered right now.
    """
    read_thread(api, thread_id)
    api.send("DELETE", f"/threads/{quote(thread_id, safe='')}")
    output.say("It is deleted, with all that was said.")
