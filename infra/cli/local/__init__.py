"""`seashore local` and `seashore demo`: the pipeline on this machine."""
