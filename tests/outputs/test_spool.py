import json
from pathlib import Path

import numpy as np
import pytest

from bodychan import Channels
from bodychan.channels.kinds import Kinds
from bodychan.errors import OutputError
from bodychan.outputs.about import About
from bodychan.outputs.files import PartialFile
from bodychan.outputs.spool import Spool, read
from takes import take

ABOUT = About("take.mkv", '{"a": 1}', {"chop": {"maxplayers": 2}})


def spooled(path: Path, channels: list[Channels], rows: list[int]) -> Path:
    file = PartialFile(path)
    spool = Spool(file, channels[0], rows, {"names": "mixamo"}, ABOUT)
    for one in channels:
        spool.write(one)
    while_open = file.partial.read_bytes()
    file.close()
    assert file.partial.read_bytes() == while_open
    return file.partial


def test_what_was_written_is_read_back_as_one(tmp_path: Path) -> None:
    channels = take([(3,), (3, 5), (5,)], frames=[4, 5, 9])
    rows = list(range(0, channels[0].numChans, 3))
    found = read(spooled(tmp_path / "a.bvh", channels, rows))
    assert found is not None
    assert found.channels.names == tuple(channels[0].names[row] for row in rows)
    assert found.channels.kinds == channels[0].kinds.of_rows(rows)
    samples = np.concatenate([one.samples[rows] for one in channels], axis=1)
    np.testing.assert_array_equal(found.channels.samples, samples)
    assert found.places.tolist() == [4, 5, 9]
    assert (found.channels.rate, found.channels.start) == (30.0, 4.0)
    assert found.options == {"names": "mixamo"}
    assert found.about.facts() == ABOUT.facts()
    assert json.loads(found.about.facts()["parameters"]) == {"chop": {"maxplayers": 2}}


def test_device_times_are_found(tmp_path: Path) -> None:
    channels = take([(3,)] * 2)
    with_times = read(spooled(tmp_path / "a.bvh", channels, [0, 1]))
    without = read(spooled(tmp_path / "b.bvh", channels, [0, 2]))
    assert with_times is not None
    assert without is not None
    assert with_times.device_usec is not None
    assert with_times.device_usec.tolist() == [1_000_000, 1_033_333]
    assert without.device_usec is None


def test_the_inputs_of_a_merge_stay_apart(tmp_path: Path) -> None:
    one = take([(3,)])[0]
    kinds = Kinds.joined([one.kinds, one.kinds])
    both = Channels((*one.names, *one.names), np.concatenate([one.samples, one.samples]), 30.0, kinds=kinds)
    found = read(spooled(tmp_path / "a.clip", [both], list(range(both.numChans))))
    assert found is not None
    assert found.channels.kinds == kinds


def test_up_to_every_byte_the_samples_that_are_whole_are_there(tmp_path: Path) -> None:
    data = spooled(tmp_path / "a.bvh", take([(3,)] * 3), [0, 1, 2]).read_bytes()
    path = tmp_path / "cut"
    counts = []
    for length in [*range(4, len(data), 7), len(data)]:
        path.write_bytes(data[:length])
        try:
            found = read(path)
        except OutputError:
            counts.append(0)
        else:
            assert found is not None
            counts.append(found.channels.numSamples)
    assert counts == sorted(counts)
    assert set(counts) == {0, 1, 2, 3}
    path.write_bytes(b"")
    with pytest.raises(OutputError, match="cut: no sample in it is whole"):
        read(path)


def test_other_files_are_no_spool(tmp_path: Path) -> None:
    (tmp_path / "a.bvh").write_text("HIERARCHY\n")
    assert read(tmp_path / "a.bvh") is None
