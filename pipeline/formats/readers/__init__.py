"""What opens the documents of each format. Runs in the child."""
