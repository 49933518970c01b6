"""Documents that are no PDFs: told by their content, and read in units that people cite.

As with PDFs, the process that has the work never parses one: `identify` looks at signatures and
lists of parts only, and a reader (`child`) in the jail of `pipeline/extraction` does the rest.
"""
