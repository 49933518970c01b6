"""Dead letters: replayed, discarded, and swept up after a process that died.

The sweep runs in the worker's function; all else is used by the command line, the operator function
and the console.
"""
