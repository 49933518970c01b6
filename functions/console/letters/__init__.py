"""The page *Dead letters*: what was given up, and what operators do with its letters."""
