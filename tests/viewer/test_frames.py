import msgspec
from hypothesis import given
from hypothesis import strategies as st

from bodychan.viewer.frames import Frame, pack


@given(st.dictionaries(st.sampled_from(["joints", "depth", "image", "rays"]), st.binary(max_size=50)))
def test_parts_are_found_again_at_multiples_of_8(parts: dict[str, bytes]) -> None:
    message = pack(Frame(serial=7, players=(1, 0)), parts)
    length = int.from_bytes(message[:4], "little")
    assert (4 + length) % 8 == 0
    frame = msgspec.json.decode(message[4 : 4 + length], type=Frame)
    assert (frame.serial, frame.players) == (7, (1, 0))
    assert frame.parts.keys() == parts.keys()
    for name, part in frame.parts.items():
        start = 4 + length + part.offset
        assert start % 8 == 0
        assert message[start : start + part.length] == parts[name]
