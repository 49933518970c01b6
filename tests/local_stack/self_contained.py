"""A program: take events with a function's package alone, as Lambda would.

Usage: python -I -S self_contained.py FOLDER MODULE FORBIDDEN... ; events are read as JSON from
standard input, and what they came to is written to standard output.
"""

import importlib
import json
import sys
from pathlib import Path


class Context:
    """What Lambda tells a handler about its invocation."""

    function_name = memory_limit_in_mb = function_version = "self-contained"
    aws_request_id = "00000000-0000-4000-8000-000000000000"
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:self-contained"
    log_group_name = log_stream_name = "self-contained"

    def get_remaining_time_in_millis(self):
        return 28_000


def main(folder, module, forbidden):
    sys.path.insert(0, folder)
    handler = importlib.import_module(module).handler
    answers = [handler(event, Context()) for event in json.load(sys.stdin)]
    files = {name: getattr(loaded, "__file__", None) for name, loaded in sys.modules.items()}
    own = ("functions", "pipeline", "shared")
    mine = {name: path for name, path in files.items() if path and path.startswith(folder)}
    facts = {
        "answers": answers,
        "loaded": sorted({name.partition(".")[0] for name in files}),
        "importable": [name for name in forbidden if importlib.util.find_spec(name)],
        "compiled_here": sorted(
            name
            for name, path in mine.items()
            if path.endswith(".py")
            and not name.startswith(own)
            and not Path(sys.modules[name].__cached__).exists()
        ),
        "of_site_packages": sorted(name for name, p in files.items() if p and "site-packages" in p),
    }
    print("\n" + json.dumps(facts))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
