from pathlib import Path

import pytest

from bodychan.cameras import about
from bodychan.cameras.about import calibration_facts
from bodychan.cameras.orbbec import files
from recordings import calibration
from standins import StandIn


def test_the_genuine_library_of_orbbec_is_described(orbbec_library: Path) -> None:
    facts = about.about("orbbec")
    assert facts["library"] == str(orbbec_library)
    assert facts["library version"] == f"OrbbecSDK {files.VERSION}"
    assert facts["depth engine"].startswith("libdepthengine.so in ")


def test_microsofts_library_is_described_by_its_file(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = StandIn(Path(tmp_path_factory.getbasetemp())).path
    file = tmp_path / "libk4a-12ab.so.1.4.2"
    file.write_bytes(built.read_bytes())
    monkeypatch.setenv("BODYCHAN_K4A", str(tmp_path))
    facts = about.about("k4a")
    assert (facts["library"], facts["library version"]) == (str(file), "1.4.2")
    assert facts["depth engine"].startswith(f"none in {tmp_path}: without it there is no depth")
    (tmp_path / "libdepthengine.so.2.0").touch()
    monkeypatch.setattr(about, "can_load", lambda _name: False)
    assert about.about("k4a")["depth engine"].endswith("but libGL.so.1, which it needs, is not installed")
    monkeypatch.setattr(about, "can_load", lambda _name: True)
    assert about.about("k4a")["depth engine"] == f"libdepthengine.so.2.0 in {tmp_path}"


def test_without_a_library_the_computer_is_described(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BODYCHAN_K4A", "/nowhere")
    facts = about.about("k4a")
    assert facts["library"] == "none that can be used"
    assert facts["system"]


def test_a_calibration_is_summed_up_in_pixels_and_millimetres() -> None:
    facts = calibration_facts(calibration())
    assert facts["depth lens"].startswith("320x288, focal length 252.")
    assert facts["color lens"].startswith("1280x720, ")
    assert facts["color pose"].startswith("origin of the depth camera at -32.0 -2.0 4.0 mm")
    assert set(facts) == {"depth lens", "color lens", "color pose", "gyro pose", "accel pose"}
