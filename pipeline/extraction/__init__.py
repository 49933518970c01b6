"""Text of PDFs, read page by page in a child process with limits.

A PDF is hostile until proven otherwise, so this process never parses one. `Extractor` lends out
`ReaderProcess`es; each runs `child`, which opens one document at a time with the engines and
answers over pipes in the frames of `protocol`.

    with extractor.open(path, deadline) as document:
        document.page_count
        for page in document.pages():
            page.number, page.status, page.text
"""
