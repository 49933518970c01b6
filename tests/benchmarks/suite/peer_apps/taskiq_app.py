"""taskiq on a Redis stream, acknowledged after the work, with its results."""

import asyncio
import os
import sys

from effect import leave_effect
from taskiq_redis import RedisAsyncResultBackend, RedisStreamBroker

broker = RedisStreamBroker(
    url=os.environ["PEER_URL"],
    idle_timeout=int(os.environ["PEER_TIMEOUT"]) * 1_000,
    xread_count=8,
    # Else a worker that is killed while it takes over leaves that locked for ever.
    unacknowledged_lock_timeout=float(os.environ["PEER_TIMEOUT"]),
).with_result_backend(RedisAsyncResultBackend(os.environ["PEER_URL"]))


@broker.task(task_name="work")
def work(number: int) -> int:
    return leave_effect(number)


async def main(what, count):
    await broker.startup()
    if what == "send":
        for number in range(count):
            await work.kicker().with_task_id(f"task-{number}").kiq(number)
    else:
        ready = [await broker.result_backend.is_result_ready(f"task-{n}") for n in range(count)]
        print(sum(ready))
    await broker.shutdown()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
