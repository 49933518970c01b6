"""Quality, measured: documents with known answers go through the pipeline, and are scored."""
