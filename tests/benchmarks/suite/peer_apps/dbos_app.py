"""DBOS on PostgreSQL: a workflow a task; what a dead worker held goes on as it starts again."""

import os
import sys
import threading

from dbos import DBOS, DBOSClient, DBOSConfig, SetWorkflowID
from effect import leave_effect

config: DBOSConfig = {
    "name": "peer",
    "system_database_url": os.environ["PEER_URL"],
    "executor_id": os.environ.get("PEER_WORKER", "sender"),
    "application_version": "1",
    "log_level": "ERROR",
}


@DBOS.workflow(name="work")
def work(number: int) -> int:
    return leave_effect(number)


def main(what, count):
    if what == "count":
        client = DBOSClient(system_database_url=os.environ["PEER_URL"])
        print(len(client.list_workflows(status="SUCCESS", limit=count * 2)))
        return
    DBOS(config=config)
    if what == "send":
        # It only sends: the queue is the workers' to listen to.
        DBOS.listen_queues([])
    DBOS.launch()
    DBOS.register_queue("tasks", worker_concurrency=8, polling_interval_sec=0.05)
    if what == "send":
        for number in range(count):
            with SetWorkflowID(f"task-{number}"):
                DBOS.enqueue_workflow("tasks", work, number)
        DBOS.destroy()
    else:
        threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
