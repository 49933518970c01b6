"""Run by another checkout's Python: a local stack of its code, until standard input ends.

    python stack_child.py CHECKOUT FOLDER CACHE

It writes where the stack is as one line of JSON. It uses nothing that this checkout has and an
earlier one may not have.
"""

import json
import sys
from pathlib import Path


def main():
    checkout, root, cache = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    sys.path.insert(0, checkout)
    from infra.local.stack import LocalSetup, start_local_stack, stop_local_stack

    def report(line):
        print(line, file=sys.stderr, flush=True)

    record = start_local_stack(root, report, LocalSetup(cache=cache))
    told = {
        "endpoint_url": record.endpoint_url,
        "region": record.region,
        "access_key_id": record.access_key_id,
        "secret_access_key": record.secret_access_key,
        "stack_name": record.stack_name,
        "outputs": dict(record.outputs),
    }
    print(json.dumps(told), flush=True)
    sys.stdin.read()
    stop_local_stack(root, report)


if __name__ == "__main__":
    main()
