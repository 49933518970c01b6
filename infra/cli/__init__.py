"""The command line, `seashore`: `..._commands` declare what the other modules carry out."""

from infra.cli.app import main

__all__ = ["main"]
