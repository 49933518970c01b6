"""`seashore dlq`: looking at dead letters, replaying and discarding them."""
