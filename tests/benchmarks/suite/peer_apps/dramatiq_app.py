"""Dramatiq on Redis with its results; what a dead worker held comes back after its heartbeat."""

import os
import sys

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.results import Results
from dramatiq.results.backends import RedisBackend
from effect import leave_effect

backend = RedisBackend(url=os.environ["PEER_URL"])
timeout_ms = int(os.environ["PEER_TIMEOUT"]) * 1_000
broker = RedisBroker(
    url=os.environ["PEER_URL"], heartbeat_timeout=timeout_ms, maintenance_chance=100_000
)
broker.add_middleware(Results(backend=backend, store_results=True))
dramatiq.set_broker(broker)


@dramatiq.actor(max_retries=20)
def work(number):
    return leave_effect(number)


if __name__ == "__main__":
    count = int(sys.argv[2])
    messages = [work.message(number).copy(message_id=f"task-{number}") for number in range(count)]
    if sys.argv[1] == "send":
        for message in messages:
            broker.enqueue(message)
    else:
        found = 0
        for message in messages:
            try:
                message.get_result(backend=backend)
                found += 1
            except dramatiq.results.ResultMissing:
                pass
        print(found)
