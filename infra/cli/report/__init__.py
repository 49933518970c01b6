"""`seashore report` and `seashore spend`."""
