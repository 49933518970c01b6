"""llama.cpp's own HTTP server with a small model; run by the environment that has `xllamacpp`.

Short, as it is the one file that another Python runs: nothing of this project is imported.
"""

import sys
import threading

import xllamacpp


def main() -> None:
    """Serve until the process is ended: the model's file, the window in tokens."""
    parameters = xllamacpp.CommonParams()
    parameters.model.path = sys.argv[1]
    parameters.n_ctx = int(sys.argv[2])
    parameters.n_parallel = 1
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    # Several threads wait for each other by turning in circles, which a busy machine pays for.
    parameters.cpuparams.n_threads = 1
    parameters.cpuparams_batch.n_threads = 1
    parameters.use_jinja = True
    parameters.verbosity = -1
    server = xllamacpp.Server(parameters)
    print(server.listening_address, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
