import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bodychan.cameras.recording.matroska import (
    UNKNOWN_SIZE,
    Id,
    Layout,
    element,
    elements,
    head,
    padded,
    read_layout,
    vint,
    vint_at,
)

OPENING = element(Id.EBML_HEAD, element(Id.DOC_TYPE, "matroska"))


@pytest.mark.parametrize(
    ("value", "expected"),
    # The table of RFC 8794, section 4.4: the value of all ones is reserved, so 127 takes two bytes.
    [(1, b"\x81"), (126, b"\xfe"), (127, b"\x40\x7f"), (16382, b"\x7f\xfe"), (16383, b"\x20\x3f\xff")],
)
def test_a_size_takes_the_fewest_bytes_that_hold_it(value: int, expected: bytes) -> None:
    assert vint(value) == expected


def test_a_size_can_be_given_more_bytes() -> None:
    assert vint(2, 4) == b"\x10\x00\x00\x02"


def test_elements_hold_numbers_text_and_bytes() -> None:
    assert element(Id.TIMECODE_SCALE, 1000) == b"\x2a\xd7\xb1\x82\x03\xe8"
    assert element(Id.DOC_TYPE, "webm") == b"\x42\x82\x84webm"
    assert element(Id.DURATION, 1.0) == b"\x44\x89\x88\x3f\xf0\0\0\0\0\0\0"
    assert element(Id.TRACK_NUMBER, 0) == b"\xd7\x81\0"


@given(st.binary(max_size=80))
def test_padding_fills_a_place_exactly(content: bytes) -> None:
    filled = padded(content, 100)
    assert len(filled) == 100
    assert filled.startswith(content)


@given(st.integers(1, 10**12), st.integers(0, 10**12))
def test_the_layout_gives_the_end_and_the_index(size: int, cues: int) -> None:
    seek = element(Id.SEEK, element(Id.SEEK_ID, int(Id.CUES)), element(Id.SEEK_POSITION, cues))
    data = OPENING + head(Id.SEGMENT, size, 8) + element(Id.SEEK_HEAD, seek)
    start = len(OPENING) + 12
    assert read_layout(data) == Layout(start + size, start + cues)


def test_a_segment_that_was_never_closed_has_no_end() -> None:
    for size in (UNKNOWN_SIZE, 0):
        assert read_layout(OPENING + head(Id.SEGMENT, size, 8) + bytes(40)) == Layout(None, None)


@given(st.integers(0, 3000), st.booleans())
def test_the_layout_tells_whether_the_tracks_come_without_info(room: int, with_info: bool) -> None:
    parts = element(Id.INFO, bytes(40)) if with_info else b""
    data = OPENING + head(Id.SEGMENT, 0, 8) + padded(b"", room + 9) + parts + element(Id.TRACKS, bytes(99))
    assert read_layout(data) == Layout(None, None, has_info=with_info)
    # What has not been read is not held against the file.
    assert read_layout(data[: room + len(OPENING)]) in (Layout(None, None), None)


@given(st.lists(st.binary(max_size=300)), st.integers(0, 400))
def test_elements_are_found_as_far_as_they_are_whole(contents: list[bytes], cut: int) -> None:
    data = b"".join(element(Id.SIMPLE_BLOCK, content) for content in contents)
    data = data[: max(0, len(data) - cut)]
    found = list(elements(data, 0, len(data)))
    assert [data[e.start : e.end] for e in found] == contents[: len(found)]
    ends = itertools.accumulate(len(element(Id.SIMPLE_BLOCK, content)) for content in contents)
    assert len(found) == sum(end <= len(data) for end in ends)
    assert list(elements(memoryview(data), 0, len(data))) == found


@given(st.integers(0, 2**50))
def test_a_size_reads_back(value: int) -> None:
    encoded = vint(value)
    assert vint_at(b"x" + encoded + b"y", 1) == (value, 1 + len(encoded))


@given(st.binary(max_size=200))
def test_any_bytes_give_a_layout_or_none(data: bytes) -> None:
    read_layout(data)
    read_layout(OPENING + data)
    read_layout(OPENING + head(Id.SEGMENT, 1000, 8) + data)
