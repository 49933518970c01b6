"""Following documents and tasks until nothing more happens to them."""
