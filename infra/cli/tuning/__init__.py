"""`seashore tune`: memory sizes of a function, measured."""
