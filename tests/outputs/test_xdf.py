import struct
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from bodychan import Channels, open_output
from bodychan.apps.repair import repair
from bodychan.errors import OutputError
from bodychan.outputs.files import PartialFile
from killed import killed_while_writing
from takes import take


def written(path: Path) -> np.ndarray:
    channels = take([(3,)] * 70)
    with open_output(path) as output:
        for one in channels:
            output.write(one)
    return np.concatenate([one.samples for one in channels], axis=1)


def test_its_chunks_are_those_of_the_specification(tmp_path: Path) -> None:
    samples = written(tmp_path / "a.xdf")
    data = (tmp_path / "a.xdf").read_bytes()
    assert data[:4] == b"XDF:"
    at, chunks = 4, []
    while at < len(data):
        assert data[at] == 4
        (length,) = struct.unpack_from("<I", data, at + 1)
        chunks.append((struct.unpack_from("<H", data, at + 5)[0], data[at + 7 : at + 5 + length]))
        at += 5 + length
    assert [tag for tag, _ in chunks] == [1, 2, 4, 3, 3, 3, 6]
    info = ET.fromstring(chunks[1][1][4:])
    assert (info.findtext("type"), info.findtext("nominal_srate")) == ("MoCap", "30")
    described = info.findall("desc/channels/channel")
    assert [channel.findtext("label") for channel in described] == list(take([()])[0].names)
    assert int(info.findtext("channel_count", "")) == len(described) == len(samples)
    end = ET.fromstring(chunks[-1][1][4:])
    assert (end.findtext("sample_count"), float(end.findtext("first_timestamp", ""))) == ("70", 1.0)


def test_pyxdf_reads_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pyxdf = pytest.importorskip("pyxdf", reason="no pyxdf: pip install pyxdf")
    samples = written(tmp_path / "a.xdf")
    (stream,), _ = pyxdf.load_xdf(str(tmp_path / "a.xdf"))
    assert caplog.text == ""
    np.testing.assert_allclose(stream["time_stamps"], samples[1] * 1e-6, rtol=1e-6)
    names = take([()])[0].names
    scales = np.array([1 / 3 if name.endswith(":confidence") else 1.0 for name in names])
    np.testing.assert_allclose(stream["time_series"], samples.T * scales)
    head = stream["info"]["desc"][0]["channels"][0]["channel"][names.index("p1/head:ty")]
    assert head == {
        "label": ["p1/head:ty"],
        "type": ["PositionY"],
        "marker": ["head"],
        "object": ["p1"],
        "unit": ["meters"],
    }


def test_a_process_that_is_killed_leaves_what_repair_finishes(tmp_path: Path) -> None:
    partial = killed_while_writing([(3,)] * 70, tmp_path / "a.xdf")
    partial.write_bytes(partial.read_bytes()[:-5])
    assert repair(tmp_path / "a.xdf") == (tmp_path / "a.xdf", "30 rows, whole again")
    written(tmp_path / "b.xdf")
    found, whole = ((tmp_path / name).read_bytes() for name in ("a.xdf", "b.xdf"))
    end = found.rindex(b"<?xml")
    assert whole.startswith(found[: end - 11])
    info = ET.fromstring(found[end:])
    assert [info.findtext(key) for key in ("sample_count", "first_timestamp")] == ["30", "1.0"]
    assert float(info.findtext("last_timestamp", "")) == pytest.approx(1 + 29 * 0.033333)
    assert repair(tmp_path / "a.xdf") is None
    assert repair(tmp_path / "b.xdf") is None
    for length, reason in ((3, "is not an XDF file"), (end - 11 - 20_000, "no sample in it is whole")):
        (tmp_path / "c.xdf").write_bytes(found[:length])
        with pytest.raises(OutputError, match=reason):
            repair(tmp_path / "c.xdf")


def test_a_full_disk_keeps_the_seconds_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = open_output(tmp_path / "a.xdf")
    put, room = PartialFile.put, 5  # the header, the clock, and three seconds

    def filling(file: PartialFile, data: bytes) -> None:
        nonlocal room
        room -= 1
        if room < 0:
            raise OSError(28, "No space left on device")
        put(file, data)

    monkeypatch.setattr(PartialFile, "put", filling)
    one = take([(3,)])[0]
    whole = Channels(one.names, np.repeat(one.samples, 300, axis=1), 30.0, kinds=one.kinds)
    with pytest.raises(OutputError, match=r"free some space.*the 90 rows before are in .*a\.partial\.xdf"):
        output.write(whole)
    monkeypatch.undo()
    assert repair(tmp_path / "a.xdf") == (tmp_path / "a.xdf", "90 rows, whole again")
