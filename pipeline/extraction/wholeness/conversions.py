"""What has changed the bytes of a file on its way, told by those that are left. Pure functions.

Gateways that take a file for text write U+FFFD for each byte that is none, or change line ends;
both tell by what packed bytes would have and the file has not.
"""

import re

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}".encode()
_MIN_REPLACEMENTS = 8
# Packed bytes have each byte once in 256: one that is never there in so many is no chance.
_MIN_JUDGED_BYTES = 2048
_LONE_LINE_FEED = re.compile(rb"(?<!\r)\n")


def find_conversion(data: bytes) -> str:
    """What something took a file for that has changed its bytes; empty where nothing tells.

    Args:
        data: The whole file, of which packed streams are broken.
    """
    if data.count(_REPLACEMENT) >= _MIN_REPLACEMENTS:
        return "text in UTF-8"
    if data.isascii():
        return "text of seven bits"
    if _is_utf8(data):
        return "text and wrote it anew in UTF-8"
    is_long = len(data) >= _MIN_JUDGED_BYTES
    if is_long and (b"\r" not in data or b"\n" not in data or not _LONE_LINE_FEED.search(data)):
        return "text and changed its line ends"
    return ""


def _is_utf8(data: bytes) -> bool:
    """Whether bytes are text in UTF-8, which packed ones are by no chance."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
