"""The command `seashore console`."""
