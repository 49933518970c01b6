"""The emulator's HTTP server: another one than its own, which takes half as long for a request.

The emulator serves by hypercorn, which parses HTTP in Python, and spends more on taking in a
request to DynamoDB than on answering it. uvicorn with httptools parses it in C.

Run by the emulator's own Python, as `gate.py` is.
"""

import importlib
from collections.abc import Awaitable, Callable
from typing import Any

# As of the emulator's own server: how long it waits for requests that are being answered when it is
# told to end, after which it writes its state.
_GRACEFUL_SECONDS = 3


def serve_by_uvicorn() -> None:
    """Put uvicorn in the place of the server that the emulator is going to start."""
    uvicorn: Any = importlib.import_module("uvicorn")
    hypercorn: Any = importlib.import_module("hypercorn.asyncio")

    async def serve(app: Callable[..., Awaitable[None]], config: Any) -> None:
        host, _, port = config.bind[0].rpartition(":")
        own = uvicorn.Config(
            app,
            host=host,
            port=int(port),
            http="httptools",
            loop="asyncio",
            ws="none",
            lifespan="on",
            # A request says who it is from, and over which scheme, in its connection alone.
            proxy_headers=False,
            # What the emulator answers is what AWS does, and has its own.
            server_header=False,
            date_header=False,
            access_log=False,
            log_config=None,
            timeout_keep_alive=int(config.keep_alive_timeout),
            timeout_graceful_shutdown=_GRACEFUL_SECONDS,
        )
        await uvicorn.Server(own).serve()

    hypercorn.serve = serve


def main() -> None:
    """Run the emulator by itself, without a gate before it."""
    serve_by_uvicorn()
    importlib.import_module("ministack.app").main()


if __name__ == "__main__":
    main()
