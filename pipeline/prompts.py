"""The instructions that models are given, and their version.

The version is part of the key under which answers are kept: change it with the wording.
"""

PROMPT_VERSION = "1"

SUMMARIZE_CHUNK = """\
Summarise the text of the given pages.
Write in the language of the text. Use only what the text says; leave out what you are not sure of.
- title: the title of the document if one stands in the text, else a short description of it.
- abstract: one paragraph that says what these pages say.
- key_points: three to eight statements, the most important first, each with the numbers of the
  pages that support it.
- language: the language of the text as an ISO 639-1 code.
"""

COMBINE = """\
The given texts are summaries and key points of consecutive parts of one document, each with its
page numbers. Combine them into one summary of the whole document.
Write in the language of the texts. Use only what they say.
- title: the title of the document.
- abstract: one paragraph that says what the document says, from its beginning to its end.
- key_points: three to eight statements, the most important first, each with the numbers of the
  pages that support it.
- language: the language of the texts as an ISO 639-1 code.
"""
