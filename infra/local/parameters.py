"""The template parameters of a local stack: its own, those of its model, and those that were given.

What was given is kept beside the stack's data and holds at later starts, as a deployed stack keeps
its parameters.
"""

import ipaddress
import json
from collections.abc import Mapping
from urllib.parse import urlsplit

from infra.local.record import LocalFolder

_OF_THIS_MACHINE = {
    # Short, so that a message whose run was killed comes back soon.
    "IngestTimeoutSeconds": "30",
    "ConvertTimeoutSeconds": "30",
    "WorkerTimeoutSeconds": "30",
    "ReportTimeoutSeconds": "30",
    # A page may take a minute on a slow machine.
    "RecogniseTimeoutSeconds": "120",
    # Each copy of a function is a process of its own.
    "IngestMaximumConcurrency": "2",
    "ConvertMaximumConcurrency": "2",
    "WorkerMaximumConcurrency": "4",
    "RecogniseMaximumConcurrency": "2",
    # The emulator speaks plain HTTP, on this machine's own address only.
    "RequireTls": "false",
    # The emulator does not know saved queries.
    "SaveLogQueries": "false",
}

_BESIDE_A_MODEL = {"WorkerTimeoutSeconds": "120", "ReportTimeoutSeconds": "120"}

# A model on this machine reads some fifty tokens a second and writes five.
_BESIDE_A_MODEL_HERE = {
    "WorkerTimeoutSeconds": "600",
    "ReportTimeoutSeconds": "600",
    "WorkerMaximumConcurrency": "2",
    "ModelCallsAtOnce": "1",
}


def choose_parameters(of_model: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """The values of parameters that a local stack is deployed with.

    Args:
        of_model: Those that name the model, as the environment has it.
        given: Those that were given now or earlier, which go before all others.
    """
    chosen = {**of_model, **given}
    address = chosen.get("OpenAiBaseUrl", "")
    beside: Mapping[str, str] = {}
    if is_on_this_machine(address):
        beside = _BESIDE_A_MODEL_HERE
    elif address or chosen.get("OpenAiApiKeySecret"):
        beside = _BESIDE_A_MODEL
    return {**_OF_THIS_MACHINE, **beside, **chosen}


def is_on_this_machine(address: str) -> bool:
    """Whether an address of a server is a loopback address."""
    host = ""
    try:
        # Raises where brackets do not close: such an address is refused later, in words.
        host = urlsplit(address).hostname or ""
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def read_given_parameters(folder: LocalFolder) -> dict[str, str]:
    """What was given at earlier starts."""
    try:
        return dict(json.loads(folder.parameters.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def keep_given_parameters(folder: LocalFolder, given: Mapping[str, str]) -> None:
    """Keep what was given for later starts."""
    folder.parameters.write_text(json.dumps(dict(given), indent=1), encoding="utf-8")
