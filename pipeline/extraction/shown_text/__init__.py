"""What a page shows, from what PDFium and pypdf give for it. Short: it is for `PdfiumDocument`.

PDFium's own text of a page has separators that are missing or too many, digits that are glued to
numbers, lines and letters out of order, text on layers that are off, and neither the fields that
are filled in nor the remarks. Each module here mends one of these.
"""
