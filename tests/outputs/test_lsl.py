import os
import sys
import time

import numpy as np
import pytest

pylsl = pytest.importorskip("pylsl")

from bodychan import Channels, open_output  # noqa: E402
from bodychan.errors import MissingExtraError, OutputError  # noqa: E402
from bodychan.outputs.lsl import DeviceClock  # noqa: E402
from skeletons import row  # noqa: E402

NAME = f"bodychan-test-{os.getpid()}"


@pytest.mark.parametrize("drift", [0.0, 5e-5, -5e-5])
def test_device_time_is_mapped_by_the_shortest_delay(drift: float) -> None:
    clock = DeviceClock()
    delays = 0.01 + np.random.default_rng(1).exponential(0.02, 3000)
    mapped = [clock.map(i / 30, 500 + i / 30 * (1 + drift) + delay) for i, delay in enumerate(delays)]
    errors = np.array(mapped) - (500 + np.arange(3000) / 30 * (1 + drift))
    assert np.all(errors[100:] >= 0.0099)
    assert np.all(errors[100:] < 0.02)
    assert np.all(np.diff(mapped)[100:] > 0.02)


def test_a_clock_that_begins_again_is_mapped_anew() -> None:
    clock = DeviceClock()
    assert clock.map(100.0, 500.0) == 500.0
    assert clock.map(0.0, 500.1) == 500.1
    assert clock.map(1.0, 501.1) == 501.1


def test_an_inlet_gets_samples_with_the_captures_times_and_the_metadata_of_mocap() -> None:
    with open_output(f"lsl://{NAME}") as output:
        first = row(
            1, ("worldspace", "confidence"), {"timestamp": 1e6, "p1/head:ty": 1.5, "p1/head:confidence": 2}
        )
        output.write(first)
        found = pylsl.resolve_byprop("name", NAME, timeout=20)
        assert len(found) == 1
        inlet = pylsl.StreamInlet(found[0], processing_flags=0)
        inlet.open_stream(timeout=10)
        for number in range(2, 5):
            for _ in range(2):  # the same capture is sent once
                samples = first.samples.copy()
                samples[1] = 1e6 + 33_333 * number
                output.write(Channels(first.names, samples, 60.0, kinds=first.kinds))
                time.sleep(0.02)  # later than the device's clock says, as always
        pulled = [inlet.pull_sample(timeout=10) for _ in range(3)]
        assert inlet.pull_sample(timeout=0.1) == (None, None)
        head = first.names.index("p1/head:ty")
        assert [sample[1] for sample, _ in pulled] == [1e6 + 33_333 * number for number in range(2, 5)]
        assert all(sample[head] == 1.5 for sample, _ in pulled)
        assert all(
            sample[first.names.index("p1/head:confidence")] == pytest.approx(2 / 3) for sample, _ in pulled
        )
        stamps = [stamp for _, stamp in pulled]
        np.testing.assert_allclose(np.diff(stamps), 0.033_333, atol=2e-3)
        assert abs(stamps[0] - pylsl.local_clock()) < 20
        info = inlet.info(timeout=10)
        assert (info.type(), info.nominal_srate()) == ("MoCap", pylsl.IRREGULAR_RATE)
        channel = info.desc().child("channels").child("channel")
        for _ in range(head):
            channel = channel.next_sibling()
        told = {field: channel.child_value(field) for field in ("label", "marker", "object", "type", "unit")}
        want = {
            "label": "p1/head:ty",
            "marker": "head",
            "object": "p1",
            "type": "PositionY",
            "unit": "meters",
        }
        assert told == want
        assert info.desc().child("acquisition").child_value("compensated_lag") == "0"
        inlet.close_stream()


@pytest.mark.parametrize("url", ["lsl://", "lsl://a/b"])
def test_a_stream_needs_a_name(url: str) -> None:
    with pytest.raises(OutputError, match="write it as lsl://bodychan"):
        open_output(url)


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "pylsl"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "bodychan.outputs.lsl")
    with pytest.raises(MissingExtraError, match="pip install pylsl"):
        open_output(f"lsl://{NAME}")
