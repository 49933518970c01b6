"""How long each function takes to start, beside a naive handler with the same dependencies.

    python -m tests.benchmarks.bench_coldstart [--runs 9] [--share 0.3] [--beside COMMIT]

Each start is a fresh process, `python -I`, whose only path is an unpacked package: of CPython 3.13
if it is found, as on AWS. It ends when the handler can take an event: modules loaded, clients
built. Worker and API are ready to call a model then. The naive handler imports everything at the
top and builds all clients; its package is what the same lock files install. Runs take turns, so
that all meet the same noise; compare the ratios, the figures are those of the machine. With a
`--share`, a process is stopped for the rest of each 20 ms: a share of 0.29 of a processor is what a
function of 512 MB has. With `--beside` the functions of an earlier commit start in turn with these,
packaged in the way of today: so their own code and its dependencies are compared, not the build.
"""

import argparse
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.packaging.build import AWS_PYTHON, Target, build_packages
from infra.packaging.bytecode import find_interpreter
from infra.packaging.dependencies import find_uv
from infra.project_files import LOCKS, PROJECT
from shared.errors import BuildError
from tests.benchmarks.checkouts import check_out_base
from tests.benchmarks.suite.arguments import read_count, read_number
from tests.fakes.desks.function_environment import write_environment

PERIOD_SECONDS = 0.02

# What a function may take of the naive handler's time.
TARGETS = {
    "ingest": 0.40,
    "report": 0.40,
    "worker": 0.80,
    "api": 0.80,
    "operator": 0.40,
    "pages": 0.40,
}

NAIVE = """
import boto3, botocore.config, css_inline, httpx2, jinja2, jsonschema, openai, pydantic, pypdf
import pypdfium2, tenacity
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.utilities.batch import AsyncBatchProcessor, EventType
from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer, IdempotencyConfig

logger, metrics = Logger(service="naive"), Metrics(namespace="naive", service="naive")
names = ["dynamodb", "s3", "sqs", "sns", "sesv2", "secretsmanager", "ssm"]
clients = {name: boto3.client(name) for name in names}
layer = DynamoDBPersistenceLayer(table_name="naive", boto3_client=clients["dynamodb"])
model = openai.OpenAI(api_key="none", base_url="http://127.0.0.1:9/v1")
complete = model.chat.completions.create

def handler(event, context):
    return complete
"""

START = """
import json, sys, time
sys.path.insert(0, sys.argv[1])
wall, cpu = time.perf_counter(), time.process_time()
__import__(sys.argv[2])
print(json.dumps([(time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000]))
"""


def choose_python() -> tuple[Path, Target]:
    """The Python to start functions with, and the packages that run on it."""
    try:
        python = find_interpreter(AWS_PYTHON, find_uv())
    except BuildError:
        return Path(sys.executable), Target.HOST
    if sys.platform != "linux":
        return Path(sys.executable), Target.HOST
    machine = platform.machine()
    targets = {"x86_64": Target.AWS_X86_64, "aarch64": Target.AWS}
    return (python, targets[machine]) if machine in targets else (Path(sys.executable), Target.HOST)


def install_naive(python: Path, target: Target, folder: Path) -> None:
    """What the naive handler's package holds: all dependencies as they are installed."""
    command = [str(find_uv()), "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
    command += ["--only-binary", ":all:", "--python", str(python), "--target", str(folder)]
    for function in TARGETS:
        command += ["--requirements", str(LOCKS / f"functions-{function}.txt")]
    subprocess.run(command, check=True)  # noqa: S603 - a fixed command
    (folder / "naive.py").write_text(NAIVE)


def add_bytecode(python: Path, folder: Path) -> None:
    """Bytecode for every module, as if somebody had compiled the whole package."""
    subprocess.run(  # noqa: S603 - a fixed command
        [str(python), "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", folder],
        check=False,  # some modules are for other versions
        stdout=subprocess.DEVNULL,
    )


def start(python: Path, folder: Path, module: str, share: float) -> tuple[float, float]:
    """Start a handler once. Milliseconds by the clock, and of the processor."""
    environment = write_environment(OPENAI_BASE_URL="http://127.0.0.1:9/v1")
    with subprocess.Popen(  # noqa: S603 - a fixed program
        [str(python), "-I", "-B", "-c", START, str(folder), module],
        env=environment,
        stdout=subprocess.PIPE,
    ) as process:
        while share < 1 and process.poll() is None:
            time.sleep(PERIOD_SECONDS * share)
            os.kill(process.pid, signal.SIGSTOP)
            time.sleep(PERIOD_SECONDS * (1 - share))
            os.kill(process.pid, signal.SIGCONT)
        answer, _ = process.communicate()
    if process.returncode != 0:
        raise SystemExit(f"{module} does not start from {folder}")
    wall_ms, cpu_ms = json.loads(answer.splitlines()[-1])
    return wall_ms, cpu_ms


def unpack_earlier(commit: str, target: Target, work: Path) -> dict[str, str]:
    """The handlers as they were at a commit, by the folders in which they are unpacked."""
    folder = PROJECT / ".seashore" / "build-earlier"
    with check_out_base(commit, ("functions", "pipeline", "shared", "infra/locks")) as checkout:
        if checkout is None:
            return {}
        locks = checkout / "infra" / "locks"
        packages = build_packages(target, folder, print, project=checkout, locks=locks)
    starts = {}
    for function in TARGETS:
        if function in packages:
            label = f"{function} at {commit}"
            zipfile.ZipFile(packages[function].path).extractall(work / label)
            starts[label] = f"functions.{function}"
    return starts


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=read_count, default=9)
    parser.add_argument("--share", type=read_number, default=1.0)
    parser.add_argument("--beside", metavar="COMMIT")
    options = parser.parse_args()
    python, target = choose_python()
    packages = build_packages(target, PROJECT / ".seashore" / "build", print)
    with TemporaryDirectory() as name:
        work = Path(name)
        install_naive(python, target, work / "naive without bytecode")
        shutil.copytree(work / "naive without bytecode", work / "naive")
        add_bytecode(python, work / "naive")
        starts = {"naive": "naive", "naive without bytecode": "naive"}
        for function in TARGETS:
            zipfile.ZipFile(packages[function].path).extractall(work / function)
            starts[function] = f"functions.{function}"
        earlier = unpack_earlier(options.beside, target, work) if options.beside else {}
        starts |= earlier
        times: dict[str, list[tuple[float, float]]] = {label: [] for label in starts}
        for run in range(options.runs + 1):
            for label, module in starts.items():
                took = start(python, work / label, module, options.share)
                if run:  # the first reads the files from the disk
                    times[label].append(took)
    print(f"{python}, packages for {target}, {options.runs} starts each, share {options.share}")
    print(f"{'':24}{'clock ms':>10}{'CPU ms':>10}{'/ naive':>10}{'/ without':>10}   target")
    wall = {label: statistics.median(took[0] for took in times[label]) for label in starts}
    cpu = {label: statistics.median(took[1] for took in times[label]) for label in starts}
    for label in starts:
        ratio = wall[label] / wall["naive"]
        without = wall[label] / wall["naive without bytecode"]
        wanted = TARGETS.get(label)
        verdict = "" if wanted is None else f"{wanted:.2f} {'met' if ratio <= wanted else 'MISSED'}"
        line = f"{label:24}{wall[label]:10.0f}{cpu[label]:10.0f}{ratio:10.2f}{without:10.2f}"
        print(f"{line}   {verdict}")
    for label in earlier:
        function = label.partition(" ")[0]
        print(f"{function}: {cpu[function] / cpu[label]:.2f} of the CPU of {label}")


if __name__ == "__main__":
    main()
