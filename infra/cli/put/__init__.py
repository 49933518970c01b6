"""`seashore put`: files into the documents bucket."""
