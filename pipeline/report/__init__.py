"""The daily report: a day's figures, checked, written down and mailed once."""
