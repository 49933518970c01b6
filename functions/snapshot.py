"""What happens before a container's first event: its parts are built, and snapshots stay clean.

Lambda gives a function more of a processor while it starts than a small memory size gives it later,
and with provisioned concurrency or SnapStart nobody waits for it. So the parts are built then, and
not at the first event. Building them asks nothing of anybody: no connection is opened, no secret
read, no credential used.

With SnapStart many containers go on from one snapshot (AWS Lambda: "Lambda SnapStart", "Handling
uniqueness"). What was built before it is let go: each container builds its own clients, with
credentials and connections of its own, and has its own chance.
"""

import gc
import random
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from functools import _lru_cache_wrapper

_INITIALIZATION_TYPE = "AWS_LAMBDA_INITIALIZATION_TYPE"


def prepare_container(build: "_lru_cache_wrapper[Any]", environment: Mapping[str, str]) -> None:
    """Build a function's parts, if Lambda is starting a container. Elsewhere nothing is done.

    Args:
        build: Builds the parts at its first call, and keeps them.
        environment: The environment of the process.

    Raises:
        SettingsError: The function is set up wrongly; Lambda says so and starts it anew.
    """
    if _INITIALIZATION_TYPE not in environment:
        return
    build()
    if environment[_INITIALIZATION_TYPE] == "snap-start":
        _keep_snapshot_clean(build)
    # What is there now stays; later collections need not look at it.
    gc.freeze()
    gc.enable()


def _keep_snapshot_clean(build: "_lru_cache_wrapper[Any]") -> None:
    # Part of the Lambda runtime, and of no use elsewhere.
    from snapshot_restore_py import register_after_restore, register_before_snapshot

    def restore() -> None:
        # The same seed in all containers would have all of them retry at the same moments.
        random.seed()
        build()

    # Its modules stay loaded, which is what takes the time.
    register_before_snapshot(build.cache_clear)
    register_after_restore(restore)
