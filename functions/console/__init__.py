"""The console in a browser: its shell, and the fragments of HTML that its pages are made of."""
