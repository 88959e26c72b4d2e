from pathlib import Path

import numpy as np
import pytest

from bodychan import Calibration, Capture, Channels
from bodychan.apps import picture
from bodychan.errors import OutputError
from scripted import standing

ROWS = [
    Channels(("timestamp", "p1/head:ty"), np.array([[1e6 + 33_333 * i], [1.5 + 0.1 * i]]), 30)
    for i in range(3)
]


def capture(calibration: Calibration, depth: int) -> Capture:
    lens = calibration.lenses["depth"]
    return Capture(3, depth=np.full((lens.height, lens.width), depth, np.uint16), depth_usec=1_066_666)


@pytest.mark.parametrize("depth", [3000, 0], ids=["depth", "nothing measured"])
def test_bodies_are_drawn_over_the_depth_and_channels_over_time(calibration: Calibration, depth: int) -> None:
    figure = picture.draw(capture(calibration, depth), standing([4]), calibration, ROWS, ["p1/head:ty"])
    image, plot = figure.axes
    assert [text.get_text() for text in image.texts] == ["id 4"]
    # A bone for each joint but the pelvis, and a mark for each joint.
    assert len(image.lines) == 31 + 32
    drawn = np.asarray(plot.lines[0].get_xydata(), np.float64)
    assert np.allclose(drawn, [(0, 1.5), (0.033333, 1.6), (0.066666, 1.7)])
    assert np.allclose(np.asarray(plot.lines[1].get_xdata(), np.float64), 0.066666)


def test_a_picture_is_written_whole_or_not_at_all(
    calibration: Calibration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figure = picture.draw(capture(calibration, 2000), standing([]), calibration, ROWS, ["p1/head:ty"])
    path = tmp_path / "a.png"
    picture.save(figure, path)
    before = path.read_bytes()
    with pytest.raises(OutputError, match="exists"):
        picture.save(figure, path)

    def fail(*_arguments: object, **_options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OutputError, match="No space left"):
        picture.save(figure, path, overwrite=True)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]
    with pytest.raises(OutputError, match=r"foo\.txt: pictures are \.png files: name it foo\.png"):
        picture.save(figure, tmp_path / "foo.txt")
