import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bodychan import Channels, open_output, testing
from bodychan.apps.repair import repair
from bodychan.errors import OutputError
from bodychan.outputs.about import About
from bodychan.outputs.files import PartialFile
from killed import killed_while_writing
from takes import take

pytest.importorskip("mcap", reason="no mcap: pip install mcap")

from mcap.exceptions import McapError
from mcap.reader import make_reader
from mcap.records import Message
from mcap.stream_reader import StreamReader
from mcap.writer import Writer


def written(path: Path, target: str = "") -> list[Channels]:
    channels = take([(3,)] * 40 + [(3, 5)] * 5)
    with open_output(target or path) as output:
        output.describe(About("take.mkv", "{}", {"chop": {"maxplayers": 2}}))
        for one in channels:
            output.write(one)
    return channels


def read(path: Path) -> dict[str, list[tuple[int, Any]]]:
    """The messages of each topic, with their times."""
    found: dict[str, list[tuple[int, Any]]] = {}
    with path.open("rb") as file:
        for _, channel, message in make_reader(file, validate_crcs=True).iter_messages():
            found.setdefault(channel.topic, []).append((message.log_time, json.loads(message.data)))
    return found


def leaves(message: Any, prefix: str = "") -> dict[str, float]:
    if not isinstance(message, dict):
        return {prefix: message}
    return {
        name: value
        for key, inner in message.items()
        for name, value in leaves(inner, f"{prefix}.{key}").items()
    }


def received(path: Path) -> list[Channels]:
    found = []
    for _, message in read(path)["/channels"]:
        values = {key.removeprefix(".").replace(".", "/", 1): value for key, value in leaves(message).items()}
        names = tuple(name.replace(".", ":") for name in values)
        found.append(Channels(names, np.array([[value] for value in values.values()], np.float64), 30.0))
    return found


def test_it_keeps_to_the_contract(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    testing.check_output(lambda: open_output(path), lambda: received(path))


def test_the_mcap_reader_has_every_value_and_its_time(tmp_path: Path) -> None:
    channels = written(tmp_path / "a.mcap")
    found = read(tmp_path / "a.mcap")
    assert {topic: len(messages) for topic, messages in found.items()} == {
        "/channels": 45,
        "/skeletons": 45,
        "/tf": 45,
    }
    for one, (time, message) in zip(channels, found["/channels"], strict=True):
        assert time == int(one["timestamp"]) * 1000
        names = ["." + name.replace("/", ".").replace(":", ".") for name in one.names]
        assert leaves(message) == dict(zip(names, one.samples[:, 0].tolist(), strict=True))
    assert len(found["/skeletons"][-1][1]["entities"]) == 2
    assert len(found["/tf"][-1][1]["transforms"]) == 1 + 2 * 32


def test_schemas_chunks_and_origin_are_in_the_file(tmp_path: Path) -> None:
    written(tmp_path / "a.mcap")
    with (tmp_path / "a.mcap").open("rb") as file:
        reader = make_reader(file)
        summary = reader.get_summary()
        assert summary is not None
        schemas = {schema.name: schema for schema in summary.schemas.values()}
        assert schemas.keys() == {"bodychan.Channels", "foxglove.SceneUpdate", "foxglove.FrameTransforms"}
        assert {schema.encoding for schema in schemas.values()} == {"jsonschema"}
        assert all(json.loads(schema.data)["type"] == "object" for schema in schemas.values())
        assert {channel.message_encoding for channel in summary.channels.values()} == {"json"}
        assert [chunk.compression for chunk in summary.chunk_indexes] == ["zstd", "zstd"]
        (metadata,) = reader.iter_metadata()
        assert metadata.name == "bodychan"
        assert metadata.metadata["source"] == "take.mkv"
        assert metadata.metadata["rate"] == "30.0"
        assert json.loads(metadata.metadata["columns"])["p1/head:ty"]["unit"] == "m"


def test_where_nobody_is_there_may_be_null(tmp_path: Path) -> None:
    written(tmp_path / "a.mcap", f"{tmp_path / 'a.mcap'}?empty=null")
    first, last = (read(tmp_path / "a.mcap")["/channels"][place][1] for place in (0, -1))
    assert first["p2"]["head"]["tx"] is None
    assert first["p2"]["id"] == 0
    assert last["p2"]["head"]["tx"] != 0


def test_without_rotations_there_are_lines_and_without_positions_channels_alone(tmp_path: Path) -> None:
    for name, group, topics in (
        ("a", "worldspace", {"/channels", "/skeletons"}),
        ("b", "confidence", {"/channels"}),
    ):
        with open_output(tmp_path / f"{name}.mcap") as output:
            output.write(take([(3,)], groups=frozenset({group}))[0])
        assert read(tmp_path / f"{name}.mcap").keys() == topics


def test_names_that_collide_are_told_at_the_first_row(tmp_path: Path) -> None:
    output = open_output(tmp_path / "a.mcap")
    with pytest.raises(OutputError, match=r"a\.mcap: 'a' and 'a/b' have one place in its messages"):
        output.write(Channels(("a", "a/b"), np.zeros((2, 1)), 30.0))
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_is_killed_leaves_whole_seconds_and_repair_finishes_them(tmp_path: Path) -> None:
    partial = killed_while_writing([(3,)] * 70, tmp_path / "a.mcap")
    assert [path.name for path in tmp_path.iterdir()] == ["a.partial.mcap"]
    seen = 0
    with partial.open("rb") as file, pytest.raises((McapError, struct.error)):
        for record in StreamReader(file).records:
            seen += isinstance(record, Message)
    assert seen == 3 * 60  # two seconds of three topics
    assert repair(tmp_path / "a.mcap") == (tmp_path / "a.mcap", "60 rows, whole again")
    found = read(tmp_path / "a.mcap")
    assert [message["frame"] for _, message in found["/channels"]] == list(range(60))
    assert found["/tf"][0][0] == 1_000_000_000
    assert repair(tmp_path / "a.mcap") is None
    with (tmp_path / "a.mcap").open("rb") as repaired:
        assert next(make_reader(repaired).iter_metadata()).metadata["rate"] == "30.0"


def test_a_chunk_that_is_cut_off_is_left_out(tmp_path: Path) -> None:
    written(tmp_path / "whole.mcap")
    data = (tmp_path / "whole.mcap").read_bytes()
    with (tmp_path / "whole.mcap").open("rb") as file:
        summary = make_reader(file).get_summary()
    assert summary is not None
    second = summary.chunk_indexes[1]
    (tmp_path / "a.mcap").write_bytes(data[: second.chunk_start_offset + second.chunk_length - 9])
    assert repair(tmp_path / "a.mcap", tmp_path / "b.mcap") == (tmp_path / "b.mcap", "30 rows, whole again")
    assert len(read(tmp_path / "b.mcap")["/tf"]) == 30
    (tmp_path / "c.mcap").write_bytes(data[:300])
    with pytest.raises(OutputError, match="no second in it is whole"):
        repair(tmp_path / "c.mcap")


def test_what_others_wrote_is_not_rewritten(tmp_path: Path) -> None:
    with (tmp_path / "a.mcap").open("wb") as file:
        Writer(file).start(library="somebody")
    (tmp_path / "b.mcap").write_bytes(b"something else altogether")
    for name in "ab":
        before = (tmp_path / f"{name}.mcap").read_bytes()
        with pytest.raises(OutputError, match="was not written by bodychan"):
            repair(tmp_path / f"{name}.mcap")
        assert (tmp_path / f"{name}.mcap").read_bytes() == before


def test_a_full_disk_keeps_the_seconds_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = open_output(tmp_path / "a.mcap")
    put, size = PartialFile.put, 0

    def filling(file: PartialFile, data: bytes) -> None:
        nonlocal size
        size += len(data)
        if size > 200_000:
            raise OSError(28, "No space left on device")
        put(file, data)

    monkeypatch.setattr(PartialFile, "put", filling)
    channels = take([(3,)] * 300)
    samples = np.concatenate([one.samples for one in channels], axis=1)
    whole = Channels(channels[0].names, samples, 30.0, kinds=channels[0].kinds)
    with pytest.raises(OutputError, match=r"free some space.*the \d+ rows before are in .*a\.partial\.mcap"):
        output.write(whole)
    assert output.keep() == str(tmp_path / "a.partial.mcap")
    monkeypatch.undo()
    found = repair(tmp_path / "a.mcap")
    assert found is not None
    rows = int(found[1].split()[0])
    assert rows % 30 == 0
    assert 0 < rows < 300
    assert len(read(tmp_path / "a.mcap")["/channels"]) == rows
