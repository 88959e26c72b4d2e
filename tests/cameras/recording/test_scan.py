from pathlib import Path

import pytest

from bodychan.cameras.recording.matroska import Id, head
from bodychan.cameras.recording.scan import BlockHead, Damage, Scan
from recordings import make_capture, write_recording


@pytest.fixture
def take(tmp_path: Path) -> Path:
    return write_recording(tmp_path / "take.mkv", [make_capture(number) for number in range(1, 6)])


def clusters(data: bytes) -> list[int]:
    mark = Id.CLUSTER.to_bytes(4, "big")
    places: list[int] = []
    while (place := data.find(mark, places[-1] + 1 if places else 0)) >= 0:
        places.append(place)
    return places


def damages(path: Path) -> list[Damage]:
    with Scan(str(path)) as scan:
        return [step for step in scan.damage() if isinstance(step, Damage)]


def test_every_image_is_met_by_its_head(take: Path) -> None:
    with Scan(str(take)) as scan:
        assert scan.track_numbers() == [1, 2, 3, 4]
        assert scan.scale_ns() == 1000
        blocks = [block for block in scan.blocks() if isinstance(block, BlockHead)]
    for track in (2, 3):
        images = [block for block in blocks if block.track == track]
        assert [image.size for image in images] == [320 * 288 * 2] * 5
        lead = 6 * 4807
        assert [image.ticks for image in images] == [lead + n * 10**6 // 30 for n in range(5)]


def test_a_sound_file_has_no_damage_wherever_it_ends(take: Path, tmp_path: Path) -> None:
    assert damages(take) == []
    data = take.read_bytes()
    for end in (clusters(data)[2] + 40, len(data) - 1):
        cut = tmp_path / "cut.mkv"
        cut.write_bytes(data[:end])
        assert damages(cut) == []


def test_bytes_that_are_no_element_are_found_with_their_extent(take: Path) -> None:
    data = take.read_bytes()
    third = clusters(data)[2]
    take.write_bytes(data[:third] + b"\x01" * 3000 + data[third:])
    assert damages(take) == [Damage(third, third + 3000)]


def test_a_cluster_of_the_wrong_length_is_damaged(take: Path) -> None:
    data = bytearray(take.read_bytes())
    third, fourth = clusters(bytes(data))[2:4]
    length = fourth - third
    for wrong in (length - 2000, length + 2000):
        data[third : third + 7] = head(Id.CLUSTER, wrong, 3)
        take.write_bytes(data)
        (found,) = damages(take)
        assert found.at == third


def test_a_hole_of_a_sparse_file_is_passed_over(take: Path) -> None:
    data = take.read_bytes()
    third = clusters(data)[2]
    hole = 1 << 36
    with take.open("wb") as file:
        file.write(data[:third])
        file.seek(hole, 1)
        file.write(data[third:])
    (found,) = damages(take)
    assert (found.at, found.end) == (third, third + hole)
