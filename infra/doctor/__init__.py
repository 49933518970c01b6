"""Looks at everything that the pipeline needs: `seashore doctor`."""
