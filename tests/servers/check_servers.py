"""Ask real servers: llama.cpp's own with a small model, and LiteLLM's proxy in front of it.

`make check-servers` runs it, outside CI: it installs 900 MB (`infra/locks/servers.txt`,
`servers-model.txt`) and takes minutes. What is checked is what comes of their answers and errors;
what so small a model writes is no measure.
"""

import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from socket import create_server

from pydantic import BaseModel, Field

from infra.locked_environment import ensure_environment
from shared.deadline import Deadline
from shared.errors import (
    ContextOverflowError,
    ModelAccessError,
    ModelAnswerError,
    ModelUnavailableError,
    SeashoreError,
)
from shared.llm.chat_completions.openai_client import build_openai_client
from shared.llm.chat_completions.openai_model import OpenAIModel
from shared.llm.model import ModelRequest, Source
from shared.llm.model_window import ModelWindow
from shared.llm.turns import Tool, TurnRequest
from tests.fakes.model.model_keys import fixed_key

CHECKOUT = Path(__file__).parent.parent.parent
STATE = CHECKOUT / ".seashore"
LOCKS = CHECKOUT / "infra" / "locks"
WINDOW_TOKENS = 4_096
START_SECONDS = 180.0
KEY = "sk-proxy-of-a-check"
PAGE = "The harbour of Skagen opened in 1907. It is the northernmost of the country. " * 4


class Opening(BaseModel):
    """An answer of so little that even a small model gives it, held to a schema."""

    year: int = Field(ge=1000, le=2999)
    is_known: bool


TOOL = Tool("look", "Look at a page.", {"type": "object", "properties": {}})

PROXY = """\
model_list:
  - model_name: tiny
    litellm_params: {{model: openai/tiny, api_base: "{url}/v1", api_key: none}}
general_settings: {{master_key: {key}}}
litellm_settings: {{num_retries: 0}}
"""


def main() -> int:
    """Start both servers, ask them, and say what came of it."""
    checks = Checks()
    with ExitStack() as stack:
        python = _environment("servers", "the servers")
        llama = stack.enter_context(running_llama(python))
        checks.check_llama(f"{llama.url}/v1")
        proxy = stack.enter_context(running_proxy(python, llama.url))
        checks.check_proxy(f"{proxy.url}/v1", llama)
    print(f"{checks.passed} of {checks.made} as they should be")
    return 0 if checks.passed == checks.made else 1


class Started:
    """A server: where it is, and how it is ended."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process = process
        self.url = url

    def stop(self) -> None:
        """End the process."""
        self.process.terminate()
        self.process.wait(30)


class Checks:
    """Asks, compares what came with what should, and counts."""

    def __init__(self) -> None:
        self.made = 0
        self.passed = 0

    def check_llama(self, url: str) -> None:
        """llama.cpp: answers, tools, cut-offs, a window that is too small."""
        with _asking(url) as ask:
            self._expect("llama.cpp, an answer held to a schema", None, ask.answer)
            self._expect("llama.cpp, a turn with tools", (None, ModelAnswerError), ask.turn)
            self._expect("llama.cpp, a cut-off answer", ModelAnswerError, ask.cut_off)
        # Set wrongly: the server knows better.
        with _asking(url, window_tokens=64_000) as ask:
            self._expect("llama.cpp, a text over its window", ContextOverflowError, ask.overflow)
        with _asking(url.removesuffix("/v1") + "/nowhere") as ask:
            self._expect("llama.cpp, a wrong path", ModelAccessError, ask.answer)

    def check_proxy(self, url: str, behind: Started) -> None:
        """LiteLLM: the same through it, keys and models that it does not know, an outage."""
        with _asking(url, key=KEY) as ask:
            self._expect("LiteLLM, an answer held to a schema", None, ask.answer)
            self._expect("LiteLLM, a cut-off answer", ModelAnswerError, ask.cut_off)
        with _asking(url, key=KEY, window_tokens=64_000) as ask:
            self._expect("LiteLLM, a text over the window", ContextOverflowError, ask.overflow)
        with _asking(url, key="sk-wrong") as ask:
            self._expect("LiteLLM, a wrong key", ModelAccessError, ask.answer)
        with _asking(url, key=KEY, model="unknown") as ask:
            self._expect("LiteLLM, an unknown model", ModelAccessError, ask.answer)
        behind.stop()
        with _asking(url, key=KEY) as ask:
            self._expect("LiteLLM, nobody behind it", ModelUnavailableError, ask.answer)

    def _expect(
        self,
        title: str,
        expected: type[SeashoreError] | tuple[type[SeashoreError] | None, ...] | None,
        ask: Callable[[], object],
    ) -> None:
        started = time.monotonic()
        said: str = "answered"
        came: type[SeashoreError] | None = None
        try:
            ask()
        except SeashoreError as error:
            came, said = type(error), f"{type(error).__name__}: {error}"
        is_right = came in (expected if isinstance(expected, tuple) else (expected,))
        self.made += 1
        self.passed += is_right
        seconds = time.monotonic() - started
        print(f"{'ok ' if is_right else 'BAD'} {title} ({seconds:.1f} s): {said[:160]}", flush=True)


class _Asking:
    def __init__(self, model: OpenAIModel) -> None:
        self._model = model

    def answer(self) -> object:
        return self._ask(PAGE, 300)

    def overflow(self) -> object:
        return self._ask(PAGE * 80, 300)

    def cut_off(self) -> object:
        return self._ask(PAGE, 3)

    def turn(self) -> object:
        request = TurnRequest("agent", "Use the tools.", "Look at page 1.", (), (TOOL,), 200)
        return self._model.take_turn(request, Deadline.after(120))

    def _ask(self, text: str, tokens: int) -> object:
        request = ModelRequest("check", "When did it open?", (Source(1, 1, text),), Opening, tokens)
        return self._model.answer(request, Deadline.after(120))


@contextmanager
def _asking(
    url: str, *, key: str | None = None, model: str = "tiny", window_tokens: int = WINDOW_TOKENS
) -> Iterator[_Asking]:
    with build_openai_client(url) as client:
        yield _Asking(
            OpenAIModel(
                client,
                model,
                ModelWindow(window_tokens),
                key=None if key is None else fixed_key(key),
            )
        )


@contextmanager
def running_llama(python: Path) -> Iterator[Started]:
    """llama.cpp's server with the model that lies in a package."""
    environment = _environment("servers-model", "the model").parent.parent
    (weights,) = environment.rglob("*.gguf")
    script = Path(__file__).with_name("llama_server.py")
    command = [str(python), str(script), str(weights), str(WINDOW_TOKENS)]
    with _running(command) as process:
        url = (process.stdout.readline() if process.stdout else "").strip()
        yield Started(process, url)


@contextmanager
def running_proxy(python: Path, url: str) -> Iterator[Started]:
    """LiteLLM's proxy in front of another server."""
    with create_server(("127.0.0.1", 0)) as free, tempfile.TemporaryDirectory() as folder:
        port = free.getsockname()[1]
        free.close()
        config = Path(folder, "config.yaml")
        config.write_text(PROXY.format(url=url, key=KEY))
        command = [str(python.with_name("litellm")), "--config", str(config), "--host", "127.0.0.1"]
        with _running([*command, "--port", str(port), "--telemetry", "False"]) as process:
            own = f"http://127.0.0.1:{port}"
            _wait_for(f"{own}/health/liveliness")
            yield Started(process, own)


@contextmanager
def _running(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)  # noqa: S603 - commands of this file
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)


def _wait_for(url: str) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own address
                return
        except (urllib.error.URLError, OSError):
            time.sleep(1)
    raise TimeoutError(f"{url} does not answer")


def _environment(name: str, title: str) -> Path:
    return ensure_environment(STATE / name, LOCKS / f"{name}.txt", title, print)


if __name__ == "__main__":
    sys.exit(main())
