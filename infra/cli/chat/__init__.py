"""`seashore chat`."""
