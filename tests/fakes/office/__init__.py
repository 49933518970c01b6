"""Documents that are no PDFs, made in memory."""
