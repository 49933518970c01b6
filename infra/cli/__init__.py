"""The command line, `seashore`: a `commands.py` declares what the modules beside it carry out."""

from infra.cli.app import main

__all__ = ["main"]
