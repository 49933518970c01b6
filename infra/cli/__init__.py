"""The command line, `seashore`: a `commands.py` declares what the modules beside it carry out."""

import gc
import sys

# Most of what a command makes is modules, classes and functions, which live to its end. To look
# through them for garbage every 700 objects took a twentieth of `seashore --help`.
_OBJECTS_BETWEEN_COLLECTIONS = 50_000

# As in `infra.cli.exit_codes`, which is not loaded yet when it is needed.
_INTERRUPTED = 130


def main() -> None:
    """Run the command line, with few collections of garbage from its first import on."""
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    try:
        from infra.cli.app import main as run_command_line

        run_command_line()
    except KeyboardInterrupt:
        # Pressed while the modules load, which takes a few tenths of a second.
        sys.exit(_INTERRUPTED)
