"""Text of pictures: recognised page by page in a child process, and taken into documents.

Only `tesseract` and `child` here, which run in the child, load the library that decodes pictures.
"""
