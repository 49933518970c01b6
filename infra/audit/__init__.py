"""Checks of the template and the code by tools that others have made: `make audit`."""
