"""From recordings of somebody who walks about to a rig: where the cameras are and how their clocks differ."""

import multiprocessing
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path

import numpy as np

from bodychan.cameras.registry import open_camera
from bodychan.errors import FusionError, OutputError
from bodychan.fusion.calibrate import Sighting, calibrate
from bodychan.fusion.clocks import wired
from bodychan.fusion.limbs import find_limbs
from bodychan.fusion.rig import Rig
from bodychan.model.arrays import Float
from bodychan.operators.kinect.fusion import SERIAL
from bodychan.optics.remap import point_cloud
from bodychan.outputs.files import PartialFile, require_other, write_whole
from bodychan.tracking.builtin.threads import processors
from bodychan.tracking.registry import open_tracker

_CLOUDS, _EVERY_USEC, _STRIDE = 8, 1_000_000, 5
"""Depth images in which the floor is looked for, how far apart, and every how many of their points."""


def calibrate_recordings(
    sources: Sequence[str],
    out: str,
    *,
    synchronised: bool | None = None,
    overwrite: bool = False,
    progress: Callable[[int, int | None], None] = lambda _done, _expected: None,
) -> Rig:
    """Track recordings, each in a process of its own, find the rig that they were made with, and write it.

    Args:
        sources: what `open_camera` takes, two or more; the first one's camera is where the rig's axes lie.
        out: the file to write.
        synchronised: the cameras' clocks agree; None means so if the recordings say that they were wired.
        overwrite: replace the file if it exists.
        progress: called with the recordings done and those there are.

    Raises:
        BodychanError: a recording cannot be read or tracked, a rig cannot be found from them, or the file
            cannot be written.
    """
    if len(sources) < 2:
        raise FusionError("a rig has two cameras or more: name a recording of each")
    twice = [source for source, count in Counter(sources).items() if count > 1]
    if twice:
        raise FusionError(f"{twice[0]} is named twice: a rig has one recording of each camera")
    PartialFile(out, overwrite=overwrite)  # whether it may be written is told before the work
    for source in sources:
        require_other(Path(out), source)
    tags = [_tags(source) for source in sources]
    names = _names(sources, [tag.get(SERIAL, "") for tag in tags])
    if synchronised is None:
        synchronised = wired(tags)
    sightings = _all_seen(sources, progress)
    named = [replace(sighting, name=name) for sighting, name in zip(sightings, names, strict=True)]
    rig = calibrate(named, synchronised=synchronised)
    try:
        write_whole(Path(out), rig.dump().encode(), overwrite=overwrite)
    except OutputError as error:
        raise OutputError(f"{error}. This is the rig that was found:\n\n{rig.dump()}") from error
    return rig


def sight(source: str) -> Sighting:
    """Track a recording to its end; give the bodies with their limbs, and points of the scene."""
    clouds: list[Float] = []
    found, limbs = [], []
    with open_camera(source) as camera, open_tracker(camera.calibration) as tracker:
        for capture, bodies in tracker.track_each(camera):
            found.append(replace(bodies, index_map=None))
            if capture.depth is None:
                limbs.append(find_limbs(np.zeros((0, 3)), bodies))
                continue
            points = point_cloud(capture.depth, camera.calibration).reshape(-1, 3)
            limbs.append(find_limbs(points, bodies))
            due = camera.start_usec + len(clouds) * _EVERY_USEC
            if len(clouds) < _CLOUDS and capture.device_usec >= due:
                thinned = points[::_STRIDE]
                clouds.append(thinned[thinned[:, 2] > 0])
    return Sighting(source, found, np.concatenate(clouds) if clouds else None, limbs)


def _all_seen(sources: Sequence[str], progress: Callable[[int, int | None], None]) -> list[Sighting]:
    progress(0, len(sources))
    if processors() == 1:
        return [sight(source) for source in sources]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(processors(), len(sources)), mp_context=context) as pool:
        futures = [pool.submit(sight, source) for source in sources]
        try:
            for done, future in enumerate(as_completed(futures), 1):
                future.result()
                progress(done, len(sources))
        except BrokenProcessPool as error:
            raise FusionError(
                "a process that tracked a recording died: is there enough memory for all of them at a time?"
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)
        return [future.result() for future in futures]


def _tags(source: str) -> dict[str, str]:
    with open_camera(source) as camera:
        if camera.duration_usec is None:
            raise FusionError(
                f"{source} has no end: let `bodychan record` make recordings, with all cameras at a time, "
                "and calibrate with these"
            )
        return camera.tags


def _names(sources: Sequence[str], serials: Sequence[str]) -> list[str]:
    """Name cameras by their serial numbers, else by their recordings; with a number where two are alike."""
    if len(set(serials)) == len(serials) and all(serials):
        return list(serials)
    names = [Path(source).stem for source in sources]
    alike = Counter(names)
    return [name if alike[name] == 1 else f"{name} {number}" for number, name in enumerate(names, 1)]
