"""How fast recordings are read, compared with Microsoft's reader, and whether memory use stays flat.

    python benchmarks/read_recording.py RECORDING [--libk4arecord FOLDER] [--captures 10000]

FOLDER holds libk4a and libk4arecord, as in pyk4a_bundle.libs of the wheel pyk4a-bundle 1.5.0. Both readers
give depth and infrared as arrays and the colour's bytes; rounds alternate, and the best of each counts.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bodychan.cameras.recording.camera import RecordingCamera

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

_ROUNDS = 5


def read_ours(path: Path) -> int:
    """Read all captures with RecordingCamera."""
    with RecordingCamera(path) as camera:
        count = 0
        for capture in camera:
            assert capture.depth is not None or capture.ir is not None
            count += 1
    return count


def read_theirs(path: Path, folder: Path) -> int:
    """Read all captures with libk4arecord."""
    from libk4arecord import Playback

    with Playback(folder, path) as playback:
        count = 0
        for capture in playback.captures():
            for image in (capture.depth, capture.ir):
                if image is not None:
                    np.frombuffer(image.data, np.uint16)
            count += 1
    return count


def rate(read: Callable[[], int]) -> float:
    """Give captures per second, including opening the file."""
    start = time.perf_counter()
    count = read()
    return count / (time.perf_counter() - start)


def resident_mb() -> float:
    """Give this process's resident memory in MB (Linux)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise OSError("no VmRSS in /proc/self/status")


def memory(path: Path, captures: int) -> None:
    """Print the resident memory at the 1st, 1,000th, 2,000th … capture, playing the file in a loop."""
    with RecordingCamera(path) as camera:
        for number in range(1, captures + 1):
            capture = camera.read()
            if capture is None:
                camera.seek(camera.start_usec)
                capture = camera.read()
            assert capture is not None
            if number == 1 or number % 1000 == 0:
                print(f"  capture {number:6d}: {resident_mb():7.1f} MB")


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("recording", type=Path)
    parser.add_argument("--libk4arecord", type=Path, metavar="FOLDER")
    parser.add_argument("--captures", type=int, default=10_000, help="how long to watch the memory")
    arguments = parser.parse_args()
    ours, theirs = [], []
    for _ in range(_ROUNDS):
        ours.append(rate(lambda: read_ours(arguments.recording)))
        if arguments.libk4arecord:
            theirs.append(rate(lambda: read_theirs(arguments.recording, arguments.libk4arecord)))
    print(f"RecordingCamera: {max(ours):.0f} captures/s")
    if theirs:
        print(f"libk4arecord:    {max(theirs):.0f} captures/s, ratio {max(ours) / max(theirs):.2f}")
    print("resident memory:")
    memory(arguments.recording, arguments.captures)


if __name__ == "__main__":
    main()
