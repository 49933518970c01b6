"""One X-Ray subsegment for each item, found by the id of its document.

`Tracing: Active` has Lambda write the segment of an invocation. What it cannot know is which items
the invocation worked on, so a subsegment each is sent beside it, to the daemon that Lambda runs for
this purpose (AWS X-Ray Developer Guide, "Sending segment documents to X-Ray": a header line and a
JSON document in one UDP packet). The X-Ray SDK does the same and no more for our case, takes 78 to
170 ms at each cold start, and keeps the current segment per thread, while the records of a batch
run in threads of their own.
"""

import json
import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

_HEADER = b'{"format": "json", "version": 1}\n'
_LONGEST_ANNOTATION = 1_000
_DOCUMENT_ID = re.compile(r"\bd[0-9a-f]{20}\b")


@dataclass(frozen=True)
class ItemTrace:
    """What is known of the work on one item.

    Args:
        stage: The function that worked on it.
        item_id: The identity of the work.
        outcome: What became of its message: `done`, or why not.
        started: When the work began.
        ended: When its message was settled.
    """

    stage: str
    item_id: str
    outcome: str
    started: datetime
    ended: datetime


class Tracer:
    """Sends subsegments of the invocations that X-Ray samples. Thread-safe.

    Args:
        environment: The environment of the process, in which Lambda keeps the trace of the running
            invocation up to date.
        new_id: Makes 16 random hexadecimal digits.
    """

    def __init__(self, environment: Mapping[str, str], new_id: Callable[[], str]) -> None:
        self._environment = environment
        self._new_id = new_id

    def send(self, trace: ItemTrace) -> None:
        """Send an item's subsegment, if the invocation is sampled; a lost packet is no loss."""
        parent = _read_trace_header(self._environment.get("_X_AMZN_TRACE_ID", ""))
        address = self._environment.get("AWS_XRAY_DAEMON_ADDRESS", "")
        host, _, port = address.rpartition(":")
        if parent.get("Sampled") != "1" or not {"Root", "Parent"} <= parent.keys() or not host:
            return
        packet = _HEADER + json.dumps(self._compose(trace, parent)).encode()
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
                channel.setblocking(False)
                channel.sendto(packet, (host, int(port)))
        except OSError:
            return

    def _compose(self, trace: ItemTrace, parent: Mapping[str, str]) -> dict[str, object]:
        document_ids = _DOCUMENT_ID.findall(trace.item_id)
        annotations = {
            "stage": trace.stage,
            "item_id": trace.item_id[:_LONGEST_ANNOTATION],
            "outcome": trace.outcome[:_LONGEST_ANNOTATION],
            # An upload's notice can announce several documents, which is rare: the first is it.
            **({"document_id": document_ids[0]} if document_ids else {}),
        }
        return {
            "type": "subsegment",
            "id": self._new_id(),
            "trace_id": parent["Root"],
            "parent_id": parent["Parent"],
            "name": f"{trace.stage} item",
            "start_time": trace.started.timestamp(),
            "end_time": trace.ended.timestamp(),
            "annotations": annotations,
        }


def _read_trace_header(text: str) -> dict[str, str]:
    """The parts of a trace header: `Root=1-…;Parent=…;Sampled=1`."""
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs}
