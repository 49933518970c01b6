"""The command line, `seashore`: `app` declares every command, the other modules carry them out."""

from infra.cli.app import main

__all__ = ["main"]
