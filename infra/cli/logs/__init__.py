"""`seashore logs`: what the functions of a stack said."""
