"""How fast captures in memory are recorded: 720p MJPG, NFOV_UNBINNED depth and infrared, IMU at 208 Hz.

    python benchmarks/record.py [--to FOLDER] [--captures 600] [--color-kb 250]

Rounds alternate between a new file in FOLDER and /dev/null, which takes the bytes at no cost; the difference
is the file system's share. The last line says how fast a file that was cut off is repaired.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from bodychan import Calibration, Capture, ImuSample
from bodychan.cameras.color import decode_color
from bodychan.cameras.recording.repair import finish
from bodychan.cameras.recording.writer import Recorder
from bodychan.cameras.synthetic.device import calibration_json
from bodychan.model.capture import ColorImage

_ROUNDS = 5
_DISTINCT = 60
_PERIOD_USEC = 33_333
_IMU_USEC = 4_807


def make_captures(count: int, color_bytes: int) -> list[Capture]:
    """Make captures of noise; 60 of them have buffers of their own, as a camera's would."""
    rng = np.random.default_rng(0)
    depth = rng.integers(0, 5000, (_DISTINCT, 576, 640), np.uint16)
    infrared = rng.integers(0, 1000, (_DISTINCT, 576, 640), np.uint16)
    colors = [rng.bytes(color_bytes) for _ in range(_DISTINCT)]
    vector = np.array([0.1, 0.2, -9.8], np.float32)
    captures = []
    for number in range(1, count + 1):
        usec, k = number * _PERIOD_USEC, number % _DISTINCT
        first = -(-(usec - _PERIOD_USEC) // _IMU_USEC) * _IMU_USEC
        samples = (ImuSample(vector, at, vector, at) for at in range(first, usec, _IMU_USEC))
        color = ColorImage("MJPG", 1280, 720, colors[k], decode_color)
        captures.append(Capture(number, depth[k], infrared[k], color, usec, usec, usec, tuple(samples)))
    return captures


def rate(path: str, calibration: Calibration, captures: list[Capture]) -> float:
    """Give captures per second, from creating the file to closing it."""
    start = time.perf_counter()
    with Recorder(path, calibration, 30) as recorder:
        for capture in captures:
            recorder.write(capture)
    return len(captures) / (time.perf_counter() - start)


def print_rates(name: str, rates: list[float], capture_mb: float) -> None:
    """Print the median and the best."""
    median = statistics.median(rates)
    print(
        f"{name}: median {median:.0f} captures/s ({median * capture_mb:.0f} MB/s), best {max(rates):.0f}, "
        f"worst {min(rates):.0f}"
    )


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="on the disk to write to")
    parser.add_argument("--captures", type=int, default=600)
    parser.add_argument("--color-kb", type=int, default=250, help="the size of a colour image")
    arguments = parser.parse_args()
    calibration = Calibration.from_json(calibration_json())
    captures = make_captures(arguments.captures, arguments.color_kb * 1000)
    with tempfile.TemporaryDirectory(dir=arguments.to) as folder:
        path = Path(folder) / "take.mkv"
        to_file, to_null = [], []
        for _ in range(_ROUNDS):
            path.unlink(missing_ok=True)
            to_file.append(rate(str(path), calibration, captures))
            to_null.append(rate(os.devnull, calibration, captures))
        size = path.stat().st_size
        print_rates(f"to {folder}", to_file, size / len(captures) / 1e6)
        print_rates(f"to {os.devnull}", to_null, size / len(captures) / 1e6)
        os.truncate(path, size - 1)
        start = time.perf_counter()
        finish(path, Path(folder) / "finished.mkv")
        took = time.perf_counter() - start
        print(f"repair: {size / took / 1e6:.0f} MB/s, the disk's own confirmation included")


if __name__ == "__main__":
    main()
