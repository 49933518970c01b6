"""The page of the daily report: what it says, as HTML, plain text and Markdown."""
