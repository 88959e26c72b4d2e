"""The project's own measurements. Quote ratios within one run: machines are noisy."""

import sys
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from bodychan.apps.convert import rows
from bodychan.apps.wiring import wire
from bodychan.cameras.registry import open_camera
from bodychan.channels.layout import JOINT_GROUPS, Layout
from bodychan.channels.pipeline import BodiesToChannels, ChannelSettings
from bodychan.errors import CameraError
from bodychan.model.bodies import Bodies
from bodychan.model.skeleton import JOINT_COUNT
from bodychan.operators.kinect.playback import Playback
from bodychan.operators.project import Project
from bodychan.outputs.registry import open_output


def read(recording: str, captures: int) -> str:
    """Measure reading: depth and IR as arrays and colour as the bytes of the file, again and again.

    Args:
        recording: it is read from its start again when it ends.
        captures: how many to read.

    Raises:
        CameraError: the recording cannot be read.
    """
    early: float | None = None
    began = time.perf_counter()
    with open_camera(recording) as camera:
        for done in range(1, captures + 1):
            if camera.read() is None:
                camera.seek(camera.start_usec)
                if camera.read() is None:
                    raise CameraError(f"{recording} has no capture to read")
            if done == max(1, captures // 10):
                early = peak_memory_mb()
    took = time.perf_counter() - began
    memory = f"peak memory {early:.0f} MB after a tenth, {peak_memory_mb():.0f} MB at the end"
    return f"{captures} captures in {took:.2f} s: {captures / took:.0f} captures/s; {memory}"


def convert(recording: str, captures: int | None = None) -> str:
    """Measure a whole conversion to Parquet, tracking included, from the first row on.

    Args:
        recording: what to convert.
        captures: how many rows to write, playing the recording again when it ends; None plays it once.

    Raises:
        BodychanError: the recording cannot be converted.
    """
    stamps: list[float] = []
    bodies: set[int] = set()
    early: float | None = None
    playback = Playback(loop=captures is not None)
    with TemporaryDirectory() as folder, Project() as project, open_output(Path(folder) / "b.parquet") as out:
        top, chop = wire(project, recording, {"maxplayers": 6}, playback)
        for row in islice(rows(project, top, chop), captures):
            out.write(row)
            bodies.update(top.bodies.ids.tolist() if top.bodies is not None else ())
            stamps.append(time.perf_counter())
            if len(stamps) == 300:
                early = peak_memory_mb()
    if len(stamps) < 2:
        raise CameraError(f"{recording} has too few captures to measure: give a longer one")
    steps = np.diff(stamps) * 1000
    after = f" after 300 captures {early:.0f} MB," if early is not None else ""
    return (
        f"{len(stamps)} captures, {len(bodies)} bodies: {1000 / steps.mean():.1f} captures/s; "
        f"per capture median {np.median(steps):.1f} ms, 95 % below {np.percentile(steps, 95):.1f} ms; "
        f"peak memory{after} {peak_memory_mb():.0f} MB at the end"
    )


def channels(players: int) -> str:
    """Measure turning tracked bodies into channels, every group of them on."""
    with open_camera("synthetic:empty") as camera:
        calibration = camera.calibration
    rng = np.random.default_rng(0)
    quaternions = rng.standard_normal((players, JOINT_COUNT, 4))
    quaternions /= np.linalg.norm(quaternions, axis=-1, keepdims=True)
    bodies = Bodies(
        1,
        0,
        np.arange(1, players + 1),
        rng.normal((0, 0, 2500), 300, (players, JOINT_COUNT, 3)),
        quaternions,
        np.full((players, JOINT_COUNT), 2, np.uint8),
    )
    layout = Layout(players, frozenset(JOINT_GROUPS), imu=True)
    settings = ChannelSettings(layout)
    took = best_of(lambda: BodiesToChannels(calibration, settings).row(bodies))
    return f"{players} players, {len(layout.names)} channels: {took * 1000:.3f} ms"


def best_of(work: Callable[[], object], seconds: float = 1.0) -> float:
    """Give the shortest time that a piece of work took, over about so many seconds of repeats."""
    work()  # compiles, where something still has to be
    best, end = float("inf"), time.perf_counter() + seconds
    while (began := time.perf_counter()) < end:
        work()
        best = min(best, time.perf_counter() - began)
    return best


def peak_memory_mb() -> float:
    """Give this process's peak resident memory in MB; NaN on Windows, which does not tell it this way."""
    if sys.platform == "win32":
        return float("nan")
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20) if sys.platform == "darwin" else peak / 1024
