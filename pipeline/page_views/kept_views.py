"""Views of pages as they are kept in the artifacts bucket, for as long as its lifecycle lets them.

Two that are drawn at once are the same, and one of them stays.
"""

import io

from pipeline.extraction.page_views.page_layout import (
    PageLayout,
    ViewError,
    decode_layout,
    encode_layout,
)
from pipeline.page_views.view_keys import ViewKeys
from shared.aws.objects import ObjectStore
from shared.errors import ObjectMissingError

_PICTURE_TYPE = "image/png"
_LAYOUT_TYPE = "application/json"


def find_view(objects: ObjectStore, bucket: str, keys: ViewKeys) -> PageLayout | None:
    """The layout of a view that is kept, if its picture is there too."""
    there = objects.list_keys(bucket, keys.picture.removesuffix("png"))
    if keys.picture not in there or keys.layout not in there:
        return None
    try:
        return decode_layout(objects.read_text(bucket, keys.layout))
    except (ObjectMissingError, ViewError):
        return None


def keep_view(
    objects: ObjectStore, bucket: str, keys: ViewKeys, layout: PageLayout, picture: bytes
) -> None:
    """Keep a view; what is there already stays."""
    objects.create(bucket, keys.picture, io.BytesIO(picture), _PICTURE_TYPE)
    told = io.BytesIO(encode_layout(layout).encode())
    objects.create(bucket, keys.layout, told, _LAYOUT_TYPE)
