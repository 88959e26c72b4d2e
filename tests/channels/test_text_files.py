from pathlib import Path

import numpy as np
import pytest

from bodychan import Channels
from bodychan.errors import OutputError

NAMES = ("timestamp", "p1/pelvis:tx")
SAMPLES = np.array([[9_024_230_001.0, 9_024_263_334.0, 9_024_296_667.0], [0.1, -2.5e-9, 1.0]])


@pytest.fixture
def channels() -> Channels:
    return Channels(NAMES, SAMPLES, 60.0, 51_073.0)


def test_chan_has_a_row_per_sample_and_loses_no_digit(channels: Channels, tmp_path: Path) -> None:
    path = channels.save(tmp_path / "take.chan")
    assert path == str(tmp_path / "take.chan")
    assert Path(path).read_bytes() == b"9024230001\t0.1\n9024263334\t-2.5e-09\n9024296667\t1\n"
    np.testing.assert_array_equal(np.loadtxt(path).T, SAMPLES)


def read_clip(text: str) -> tuple[dict[str, str], dict[str, list[float]]]:
    """Read tokens as the published grammar has them: { key = value ... { name = N data = ... } ... }."""
    tokens = iter(text.split())
    assert next(tokens) == "{"
    facts: dict[str, str] = {}
    tracks: dict[str, list[float]] = {}
    for token in tokens:
        if token == "}":
            assert next(tokens, None) is None
            return facts, tracks
        if token == "{":
            assert [next(tokens), next(tokens)] == ["name", "="]
            name = next(tokens)
            assert [next(tokens), next(tokens)] == ["data", "="]
            tracks[name] = []
            while (number := next(tokens)) != "}":
                tracks[name].append(float(number))
        else:
            assert next(tokens) == "="
            facts[token] = next(tokens)
    raise AssertionError("the clip is not closed")


def test_clip_has_names_rate_start_and_samples(channels: Channels, tmp_path: Path) -> None:
    facts, tracks = read_clip(Path(channels.save(tmp_path / "take.clip")).read_text())
    assert facts == {"rate": "60", "start": "51073", "tracklength": "3", "tracks": "2"}
    assert tracks == dict(zip(NAMES, SAMPLES.tolist(), strict=True))


def test_folders_are_made_only_when_asked_for(channels: Channels, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot write"):
        channels.save(tmp_path / "a" / "b.chan")
    assert Path(channels.save(tmp_path / "a" / "b.chan", createFolders=True)).exists()


def test_other_kinds_of_file_are_refused(channels: Channels, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"saved as \.chan or \.clip"):
        channels.save(tmp_path / "take.bclip")
