"""The command that measures quality."""
