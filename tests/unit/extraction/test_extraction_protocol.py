import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.extraction.protocol import (
    FRAMES_OF_BYTES,
    HEADER,
    Frame,
    FrameError,
    FrameKind,
    RequestKind,
    decode_frame,
    decode_request,
    encode_frame,
    encode_request,
)

COUNT = st.integers(0, 2**32 - 1)
WITH_TEXT = st.sampled_from([kind for kind in FrameKind if kind not in FRAMES_OF_BYTES])
FRAMES = st.builds(
    Frame,
    kind=WITH_TEXT,
    number=COUNT,
    cpu_milliseconds=COUNT,
    text=st.text(),
    data=st.just(b""),
) | st.builds(
    Frame,
    kind=st.sampled_from(sorted(FRAMES_OF_BYTES, key=lambda kind: kind.name)),
    number=COUNT,
    cpu_milliseconds=COUNT,
    text=st.just(""),
    data=st.binary(),
)
LARGE = 1 << 20


def decode_all(buffer):
    frames = []
    while (frame := decode_frame(buffer, LARGE)) is not None:
        frames.append(frame)
    return frames


@given(st.lists(FRAMES), st.data())
def test_frames_arrive_as_they_were_sent_in_whatever_pieces(frames, data):
    sent = b"".join(encode_frame(frame) for frame in frames)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=5)))
    buffer = bytearray()
    received = []
    for start, end in zip([0, *cuts], [*cuts, len(sent)], strict=True):
        buffer += sent[start:end]
        received += decode_all(buffer)
    assert received == frames
    assert buffer == b""


@given(st.binary())
def test_any_bytes_give_frames_or_one_error(data):
    buffer = bytearray(data)
    try:
        decode_all(buffer)
    except FrameError:
        return
    assert len(buffer) <= len(data)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (HEADER.pack(b"P", 1, 0, LARGE + 1), "too long"),
        (HEADER.pack(b"?", 1, 0, 0), "no known kind"),
        (HEADER.pack(b"P", 1, 0, 2) + b"\xff\xff", "UTF-8"),
    ],
)
def test_what_no_reader_sends_is_refused(data, problem):
    with pytest.raises(FrameError, match=problem):
        decode_frame(bytearray(data), LARGE)


@given(st.text(st.characters() | st.characters(categories=["Cs"])), st.floats(0, 1e9))
def test_requests_arrive_as_they_were_sent(path, seconds):
    """Any path: one of bytes that are not UTF-8 has lone surrogates in it."""
    line = encode_request(RequestKind.OPEN, path, seconds)
    assert line.count(b"\n") == 1
    assert decode_request(line) == (RequestKind.OPEN, [path, seconds])
