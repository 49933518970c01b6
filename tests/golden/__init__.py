"""The golden set: documents made for this project, with what a reader should find in them."""
