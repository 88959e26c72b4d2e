"""Kinds that other packages register: a throw-away distribution with entry points, as pip would leave it."""

import sys
from pathlib import Path

import numpy as np
import pytest

import bodychan
from bodychan import Channels, KinectAzureTOP, Project, open_camera, open_output, testing
from bodychan.apps import show
from bodychan.apps.convert import convert
from bodychan.cameras.registry import CAMERAS
from bodychan.errors import CameraError, OutputError, ParameterError, TrackerError
from bodychan.plugins import Kinds, scheme_of

MODULE = '''
import numpy as np
from bodychan import Bodies, Capture, Calibration, Tracker
from bodychan.cameras.base import Camera
from bodychan.cameras.synthetic.device import device_calibration
from bodychan.outputs.base import Output

WRITTEN = []


class Mine(Camera):
    """Three empty rooms."""

    def __init__(self, url, settings):
        self.name, self.calibration, self.fps = url, device_calibration(), 30
        self.start_usec, self.duration_usec, self.tags, self.warnings = 0, 100_000, {}, []
        self._at = 0

    def _read(self):
        self._at += 1
        if self._at > 3:
            return None
        depth = np.zeros((576, 640), np.uint16)
        depth.setflags(write=False)
        return Capture(index=self._at, depth=depth, depth_usec=self._at * 33_333)

    def _seek(self, device_usec):
        self._at = 0
        while self._at < 3 and (self._at + 1) * 33_333 < device_usec:
            self._at += 1

    def _count(self):
        return 3


class NobodyTracker(Tracker):
    def track(self, capture):
        return Bodies.none(capture.index, capture.device_usec)


def tracker(calibration, settings):
    assert settings.max_bodies == 16
    return NobodyTracker()


class Memory(Output):
    def __init__(self, target, *, overwrite):
        self.target = target

    def write(self, channels):
        WRITTEN.append((self.target, channels))

    def close(self):
        pass
'''

ENTRY_POINTS = """
[bodychan.cameras]
mine = bodychan_test_plugin:Mine
broken = bodychan_test_plugin:NotThere
synthetic = bodychan_test_plugin:NotThere

[bodychan.trackers]
nobody = bodychan_test_plugin:tracker

[bodychan.outputs]
memory = bodychan_test_plugin:Memory
.mem = bodychan_test_plugin:Memory
"""


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Channels]]:
    """Install the package; gives what its output is sent."""
    (tmp_path / "bodychan_test_plugin.py").write_text(MODULE)
    info = tmp_path / "bodychan_test_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bodychan-test-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "bodychan_test_plugin", raising=False)
    module = __import__("bodychan_test_plugin")
    written: list[tuple[str, Channels]] = module.WRITTEN
    return written


def test_a_registered_camera_tracker_and_output_do_the_main_job(plugin: list[tuple[str, Channels]]) -> None:
    testing.check_camera(lambda: open_camera("mine:0"))
    testing.check_tracker(
        lambda: bodychan.open_tracker(open_camera("mine:0").calibration, "nobody", max_bodies=16),
        list(open_camera("mine:0")),
    )
    report = convert("mine:0", ["memory://x", "take.mem"], {"tracker": "nobody"})
    assert report.rows == 3
    assert {target for target, _ in plugin} == {"memory://x", "take.mem"}
    assert [row["frame"] for target, row in plugin if target == "take.mem"] == [1, 2, 3]


def test_they_can_be_named_in_a_project(plugin: list[tuple[str, Channels]], tmp_path: Path) -> None:
    (tmp_path / "show.toml").write_text(
        '[operators.top]\ntype = "KinectAzureTOP"\nsensor = "mine:0"\ntracker = "nobody"\n'
        '[operators.bodies]\ntype = "KinectAzureCHOP"\ntop = "top"\n'
        '[[outputs]]\nfrom = "bodies"\nto = "memory://x"\n'
    )
    show.run(tmp_path / "show.toml")
    frames = [float(row["frame"]) for _, row in plugin]
    assert set(frames) <= {0, 1, 2, 3}
    assert frames == sorted(frames)
    assert frames[-1] == 3


def test_names_are_listed_ours_first_and_ours_win(plugin: list[tuple[str, Channels]]) -> None:
    assert CAMERAS.names()[-2:] == ("broken", "mine")
    assert CAMERAS.names()[0] == "synthetic"
    assert open_camera("synthetic:empty?seconds=0.1").fps == 30
    top = Project().create(KinectAzureTOP, "top")
    with pytest.raises(ParameterError, match=r"'tracker' has no item 'nobdy': did you mean 'nobody'\?"):
        top.par.tracker = "nobdy"


def test_a_package_that_does_not_load_is_told(plugin: list[tuple[str, Channels]]) -> None:
    with pytest.raises(CameraError, match=r"'broken' cannot be loaded: .*bodychan_test_plugin:NotThere"):
        open_camera("broken:0")


def test_what_nobody_registered_is_refused_with_what_there_is() -> None:
    with pytest.raises(CameraError, match=r"no kind of camera 'synthetc:': did you mean 'synthetic'\?"):
        open_camera("synthetc:walk")
    with pytest.raises(OutputError, match="no kind of output fits 'oscc://localhost:1'"):
        open_output("oscc://localhost:1")
    with pytest.raises(TrackerError, match=r"no 'builtn' in bodychan\.trackers: did you mean 'builtin'"):
        Kinds("bodychan.trackers", {"builtin": None}, TrackerError).maker("builtn")


@pytest.mark.parametrize(
    ("text", "scheme"),
    [
        ("OSC://localhost:7000", "osc"),
        ("C:/take.mkv", ""),
        ("take.mkv", ""),
        ("20241105T08:52:36.mkv", ""),
        ("folder/a:b", ""),
        ("synthetic:walk", "synthetic"),
    ],
)
def test_a_scheme_is_told_from_a_path(text: str, scheme: str) -> None:
    assert scheme_of(text) == scheme


def test_a_recording_may_have_a_colon_in_its_name_or_be_a_file_url(tmp_path: Path) -> None:
    for name in ("20241105T08:52:36.mkv", "take:1.mkv"):
        with pytest.raises(CameraError, match=name):
            open_camera(tmp_path / name)
        with pytest.raises(CameraError, match=name):
            open_camera(name)
    (tmp_path / "two words.mkv").write_bytes(np.zeros(100, np.uint8).tobytes())
    with pytest.raises(CameraError, match=r"two words\.mkv") as refused:
        open_camera((tmp_path / "two words.mkv").as_uri())
    assert "no kind of camera" not in str(refused.value)
