from dataclasses import replace

import msgspec
import numpy as np
import pytest

from bodychan import Calibration, Capture
from bodychan.viewer import cloud
from bodychan.viewer.commands import Watch
from bodychan.viewer.encoder import Encoder
from bodychan.viewer.frames import Frame
from bodychan.viewer.snapshot import NO_SKELETONS, Snapshot
from viewers import depth_captures


@pytest.fixture
def snapshot(calibration: Calibration) -> Snapshot:
    return Snapshot(
        serial=3,
        seconds=0.5,
        captured=1000.25,
        capture=depth_captures(60, calibration)[-1],
        tracked=None,
        bodies=None,
        calibration=calibration,
        mirrored=False,
        channels=None,
        revision=0,
        skeletons=NO_SKELETONS,
        players=(),
        placement=np.eye(3, 4),
        up=np.array([0.0, 1.0, 0.0]),
    )


def unpacked(message: bytes) -> tuple[Frame, dict[str, bytes]]:
    length = int.from_bytes(message[:4], "little")
    frame = msgspec.json.decode(message[4 : 4 + length], type=Frame)
    body = message[4 + length :]
    return frame, {name: body[p.offset : p.offset + p.length] for name, p in frame.parts.items()}


def test_points_come_with_their_rays_once(snapshot: Snapshot, calibration: Calibration) -> None:
    encoder, watch = Encoder(), Watch(cloud="depth")
    message, rays_of = encoder.encode(snapshot, watch, heavy=True, rays_of=None)
    frame, parts = unpacked(message)
    assert rays_of is calibration
    width, height = frame.grid
    assert len(parts["rays"]) == width * height * 4
    assert snapshot.capture is not None
    assert snapshot.capture.depth is not None
    back = cloud.inflated(parts["depth"], height, width)
    assert np.array_equal(back, cloud.thinned(snapshot.capture.depth))
    assert frame.floor is not None
    assert frame.floor < -0.5
    again, _ = encoder.encode(snapshot, watch, heavy=True, rays_of=rays_of)
    assert unpacked(again)[1].keys() == {"depth"}


def test_what_is_costly_is_made_once_for_all_pages(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def jpeg(name: str, _image: object) -> bytes:
        made.append(name)
        return b"jpeg"

    monkeypatch.setattr("bodychan.viewer.pictures.jpeg", jpeg)
    encoder = Encoder()
    for watch in (Watch(image="depth"), Watch(image="depth"), Watch(image="ir"), Watch(image="depth")):
        encoder.encode(snapshot, watch, heavy=True, rays_of=None)
    assert made == ["depth", "ir"]
    encoder.encode(replace(snapshot, mirrored=True), Watch(image="depth"), heavy=True, rays_of=None)
    assert made == ["depth", "ir", "depth"]


def test_the_image_is_of_the_capture_that_the_bodies_came_from(
    snapshot: Snapshot, calibration: Calibration
) -> None:
    older = depth_captures(1, calibration)[0]
    watch = Watch(image="depth")
    newest, _ = Encoder().encode(snapshot, watch, heavy=True, rays_of=None)
    tracked, _ = Encoder().encode(replace(snapshot, tracked=older), watch, heavy=True, rays_of=None)
    expected, _ = Encoder().encode(replace(snapshot, capture=older), watch, heavy=True, rays_of=None)
    assert unpacked(tracked)[1]["image"] == unpacked(expected)[1]["image"] != unpacked(newest)[1]["image"]


def test_a_capture_without_depth_has_no_points(snapshot: Snapshot) -> None:
    bare = replace(snapshot, capture=Capture(5))
    frame, parts = unpacked(Encoder().encode(bare, Watch(cloud="color"), heavy=True, rays_of=None)[0])
    assert (frame.capture, frame.grid, parts) == (5, (0, 0), {})


def test_an_image_of_no_such_name_is_left_out(snapshot: Snapshot) -> None:
    frame, parts = unpacked(Encoder().encode(snapshot, Watch(image="../x"), heavy=True, rays_of=None)[0])
    assert frame.image == ""
    assert "image" not in parts


def test_costly_parts_are_due_again_only_when_they_change(snapshot: Snapshot) -> None:
    encoder = Encoder()
    assert encoder.heavy(snapshot, Watch(skeletons=True)) is None
    before = encoder.heavy(snapshot, Watch(cloud="depth"))
    assert encoder.heavy(replace(snapshot, serial=4), Watch(cloud="depth")) == before
    assert encoder.heavy(replace(snapshot, capture=Capture(9)), Watch(cloud="depth")) != before
    assert encoder.heavy(snapshot, Watch(cloud="color")) != before
