"""What the language-model boundary costs on its own.

    python tests/benchmarks/bench_llm.py [runs]

The extractive model over text of several sizes and kinds; the time that `OpenAIModel` adds to the
SDK's own call, against a fake server in this process; the cost of imports. Compare the ratios: the
figures themselves are those of the machine.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from pipeline.summaries.summary_types import Summary
from shared.deadline import Deadline
from shared.llm.chat_completions.openai_client import build_openai_client
from shared.llm.chat_completions.openai_model import OpenAIModel
from shared.llm.extractive.extractive_model import ExtractiveModel
from shared.llm.model import ModelRequest, Purpose, Source
from shared.llm.model_window import ModelWindow
from tests.benchmarks.suite.arguments import read_count
from tests.fakes.model.chat_server import ChatServer

RUNS = 15
TEXTS = {
    "prose, 10,000 characters": "The seal number {0} rests on bank {1} while it is day. ",
    "prose, 100,000 characters": "The seal number {0} rests on bank {1} while it is day. ",
    "Han, 100,000 characters": "第{0}只海豹在第{1}个沙洲上休息。",
    "no sentence ends, 100,000 characters": "seal{0} bank{1} ",
}
MODULES = (
    "shared.llm.build",
    "shared.llm.extractive.extractive_model",
    "shared.llm.chat_completions.openai_model",
)


def measure_ms(call: Callable[[], object], runs: int) -> str:
    """The median and the fastest of some runs, in milliseconds."""
    call()
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        call()
        times.append((time.perf_counter() - started) * 1000)
    return f"median {statistics.median(times):8.2f} ms   fastest {min(times):8.2f} ms"


def write_request(text: str, pages: int) -> ModelRequest[Summary]:
    """A request whose text is spread over some pages."""
    size = len(text) // pages
    sources = tuple(
        Source(page + 1, page + 1, text[page * size : (page + 1) * size]) for page in range(pages)
    )
    return ModelRequest(Purpose.SUMMARIZE_CHUNK, "Summarise.", sources, Summary, 1000)


def measure_extractive(runs: int) -> None:
    """The extractive model, by the kind of text."""
    for name, sentence in TEXTS.items():
        size = 10_000 if "10,000 " in name and "100,000" not in name else 100_000
        text = "".join(sentence.format(n, n % 7) for n in range(size // len(sentence) + 1))[:size]
        request = write_request(text, 20)
        took = measure_ms(lambda: ExtractiveModel().answer(request, Deadline.after(60)), runs)  # noqa: B023 - called at once
        print(f"extractive, {name:38} {took}")


def measure_calls(runs: int) -> None:
    """A call through `OpenAIModel`, and the same bytes through the SDK alone."""
    request = write_request("The seal rests on the bank while it is day. " * 600, 20)
    with ChatServer() as server, build_openai_client(server.url) as client:
        model = OpenAIModel(client, "model", ModelWindow(32_000))
        through_model = measure_ms(lambda: model.answer(request, Deadline.after(60)), runs)
        body = dict(server.calls[-1].body)
        alone = measure_ms(lambda: client.chat.completions.create(**body), runs)
    print(f"{'call through OpenAIModel':50} {through_model}")
    print(f"{'the same call through the SDK alone':50} {alone}")


def measure_imports() -> None:
    """The import of each entry module in a fresh interpreter, with bytecode in place."""
    for module in MODULES:
        code = f"import time; s = time.perf_counter(); import {module}; " + (
            "print(time.perf_counter() - s)"
        )
        times = []
        for _ in range(4):
            command = [sys.executable, "-c", code]
            done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - the code stands above
            times.append(float(done.stdout) * 1000)
        print(f"import {module:43} fastest {min(times):8.0f} ms")


def main() -> None:
    """Measure all three."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=read_count, nargs="?", default=RUNS)
    runs = parser.parse_args().runs
    measure_extractive(runs)
    measure_calls(runs)
    measure_imports()


if __name__ == "__main__":
    main()
