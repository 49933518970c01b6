"""Celery on Redis: acknowledged after the work, with its results."""

import os
import sys

from celery import Celery
from celery.result import AsyncResult
from effect import leave_effect

app = Celery("celery_app", broker=os.environ["PEER_URL"], backend=os.environ["PEER_URL"])
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    broker_transport_options={"visibility_timeout": int(os.environ["PEER_TIMEOUT"])},
    broker_connection_retry_on_startup=True,
)


@app.task(name="work")
def work(number):
    return leave_effect(number)


if __name__ == "__main__":
    count = int(sys.argv[2])
    if sys.argv[1] == "send":
        for number in range(count):
            work.apply_async((number,), task_id=f"task-{number}")
    else:
        print(sum(AsyncResult(f"task-{n}", app=app).successful() for n in range(count)))
