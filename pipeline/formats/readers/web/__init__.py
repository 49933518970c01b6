"""Web pages, and the books that are made of them. Runs in the child."""
