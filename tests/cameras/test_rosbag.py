from pathlib import Path

import pytest

from bags import write_bag
from bodychan import open_camera
from bodychan.cameras.rosbag import maker_of
from bodychan.errors import RecordingError
from recordings import calibration, make_capture


@pytest.fixture
def orbbecs(tmp_path: Path) -> Path:
    made = [make_capture(n, "NFOV_2X2BINNED", images=("depth",)) for n in range(1, 3)]
    return write_bag(tmp_path / "take.bag", made, calibration())


def with_topics(bag: Path, root: bytes) -> Path:
    """Put a bag's topics under another root, as far as its index is concerned."""
    other = bag.with_name("other.bag")
    other.write_bytes(bag.read_bytes().replace(b"topic=/cam/", b"topic=" + root))
    return other


def test_a_bag_is_orbbecs_or_realsenses_by_its_topics(orbbecs: Path) -> None:
    assert maker_of(orbbecs) == "orbbec"
    assert maker_of(with_topics(orbbecs, b"/device_0/")) == "realsense"


def test_another_recorders_bag_is_refused(orbbecs: Path) -> None:
    with pytest.raises(RecordingError, match=r"other\.bag is a bag of another recorder"):
        open_camera(with_topics(orbbecs, b"/map/"))


def test_a_bag_that_was_cut_off_is_refused_whoever_made_it(orbbecs: Path) -> None:
    cut = orbbecs.with_name("cut.bag")
    data = orbbecs.read_bytes()
    cut.write_bytes(data[: len(data) // 2])
    with pytest.raises(RecordingError, match=r"cut\.bag was cut off: its index"):
        open_camera(cut)


@pytest.mark.parametrize("content", [b"", b"#ROSBAG V1.2\n", b"\x1aE\xdf\xa3" * 100])
def test_what_is_no_bag_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "no.bag").write_bytes(content)
    with pytest.raises(RecordingError, match=r"no\.bag is no bag"):
        open_camera(tmp_path / "no.bag")


def test_a_bag_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="there is no such file"):
        open_camera(tmp_path / "none.bag")
    (tmp_path / "folder.bag").mkdir()
    with pytest.raises(RecordingError, match="choose a file"):
        open_camera(tmp_path / "folder.bag")
