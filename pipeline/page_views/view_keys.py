"""Where views of pages lie in the artifacts bucket. Short, as who erases them loads nothing else.

They lie under the hash of the document's bytes, and are erased with any document of these bytes:
for another one they are drawn anew when somebody looks.
"""

from dataclasses import dataclass

# pypdfium2's version, and a number of ours: changed when pages come to look otherwise, or their
# characters to stand elsewhere.
VIEW_VERSION = "5.15.2-1"


@dataclass(frozen=True)
class ViewKeys:
    """Where a view lies: its picture, and its characters with their places."""

    picture: str
    layout: str


def views_folder(content_sha256: str) -> str:
    """What begins the keys of the views of all pages of a document's bytes."""
    return f"pages/{content_sha256}/"


def name_view(content_sha256: str, page: int) -> ViewKeys:
    """The keys of the view of a page."""
    stem = f"{views_folder(content_sha256)}{page:06d}-{VIEW_VERSION}"
    return ViewKeys(f"{stem}.png", f"{stem}.json")
