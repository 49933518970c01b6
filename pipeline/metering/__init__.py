"""Every call of a model is metered before it happens, billed, and its answer kept."""
