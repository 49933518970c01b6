"""A language model's provider in a process of its own, which fails as it is told."""

import multiprocessing
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from tests.chaos.harness.processes import bury_process, start_process
from tests.fakes.model.chat_server import ChatServer, ReceivedCall


@dataclass(frozen=True)
class Call:
    """A call as the provider saw it.

    Args:
        at_seconds: When it came in, on the machine's monotonic clock.
        key: The key that it came with.
        kind: What became of it, as `tests.fakes.model.chat_behaviours.Behaviour` names it.
        prompt: The same for all calls of one question.
        not_before: When it may come again, after an answer with `Retry-After`.
    """

    at_seconds: float
    key: str
    kind: str
    prompt: str
    not_before: float | None


@dataclass(frozen=True)
class Provider:
    """The provider's address, and the line to its process."""

    url: str
    _line: Connection

    def behave(self, *, retry_after: str | None = None, **mix: float) -> None:
        """Answer by this mix of behaviours from now on: `behave(ok=0.8, throttled=0.2)`.

        Args:
            retry_after: What stands in `Retry-After` of a 429.
            mix: Kinds of `tests.fakes.model.chat_behaviours.Behaviour` and their weights.
        """
        self._ask("behave", (retry_after, mix))

    def list_calls(self) -> list[Call]:
        """All calls so far."""
        return list(self._ask("list_calls", None))

    def _ask(self, what: str, argument: Any) -> Any:
        self._line.send((what, argument))
        if not self._line.poll(30):
            raise RuntimeError("the provider's process does not answer")
        return self._line.recv()


@contextmanager
def running_provider(**traits: Any) -> Iterator[Provider]:
    """Run a provider; `traits` are those of `tests.fakes.model.chat_server.ServerTraits`."""
    here, there = multiprocessing.Pipe()
    process = start_process(_serve, there, traits)
    there.close()
    try:
        if not here.poll(30):
            raise RuntimeError("the provider's process does not start")
        yield Provider(here.recv(), here)
    finally:
        process.kill()
        bury_process(process)
        here.close()


def _serve(line: Connection, traits: dict[str, Any]) -> None:
    with ChatServer(**traits) as server:
        line.send(server.url)
        while True:
            what, argument = line.recv()
            if what == "behave":
                server.traits.retry_after, server.traits.mix = argument
                line.send(None)
            else:
                line.send([_to_call(call) for call in server.calls])


def _to_call(call: ReceivedCall) -> Call:
    return Call(call.at_seconds, call.key, call.kind, call.prompt_digest, call.not_before)


def find_undercut(calls: Sequence[Call]) -> list[Call]:
    """Calls that came again before their own `Retry-After` was over."""
    allowed: dict[str, float] = {}
    undercut = []
    for call in sorted(calls, key=lambda call: call.at_seconds):
        if call.at_seconds < allowed.get(call.prompt, 0.0):
            undercut.append(call)
        if call.not_before is not None:
            allowed[call.prompt] = call.not_before
    return undercut
