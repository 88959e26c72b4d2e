"""Sequences with known true joints: recordings with NAME.gt.json beside them, and synthetic scenes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec
import numpy as np

from bodychan.articulated.aims import aims, first_frames
from bodychan.cameras.base import Camera
from bodychan.cameras.synthetic.camera import SyntheticCamera
from bodychan.errors import CameraError
from bodychan.evaluation.measures import Truth, Visibility
from bodychan.model.arrays import F64, I64, U8
from bodychan.model.capture import Capture
from bodychan.model.rotations import matrix_to_quaternion
from bodychan.model.skeleton import JOINT_COUNT, Confidence, Joint
from bodychan.tracking.builtin.body_index import index_map

_SUFFIX = ".gt.json"
_VISIBILITY = {
    Confidence.MEDIUM: Visibility.VISIBLE,
    Confidence.LOW: Visibility.HIDDEN,
    Confidence.NONE: Visibility.OUTSIDE,
}


class _Person(msgspec.Struct):
    id: int
    pixels: int
    joints: list[tuple[float, float, float]]
    visibility: list[int]


class _Frame(msgspec.Struct):
    timestamp_usec: int
    bodies: list[_Person]


class _File(msgspec.Struct):
    """What is read from a NAME.gt.json: mm in the depth camera's frame, visibility as in `Visibility`."""

    joint_names: list[str]
    frames: list[_Frame]


@dataclass(frozen=True, slots=True)
class Known:
    """A sequence: its name, what `open_camera` takes, and the truth file, None for a synthetic scene."""

    name: str
    source: str
    truth: Path | None


def sequences(datasets: Sequence[str], pattern: str = "*") -> list[Known]:
    """List the sequences of datasets whose names match a pattern such as `d0*`.

    Args:
        datasets: folders of recordings with their NAME.gt.json, or synthetic scenes by URL.
        pattern: of names, as in a shell.

    Raises:
        CameraError: a dataset is neither, or no name matches.
    """
    found: list[Known] = []
    for dataset in datasets:
        if dataset.startswith("synthetic:"):
            found.append(Known(dataset.removeprefix("synthetic:"), dataset, None))
            continue
        folder = Path(dataset)
        files = sorted(folder.glob(f"*{_SUFFIX}"))
        if not files:
            raise CameraError(
                f"{dataset} has no NAME{_SUFFIX}: give a folder of recordings NAME.mkv with their "
                f"NAME{_SUFFIX} beside them, or a scene such as synthetic:walk"
            )
        names = [file.name.removesuffix(_SUFFIX) for file in files]
        found += [Known(n, str(folder / f"{n}.mkv"), f) for n, f in zip(names, files, strict=True)]
    chosen = [known for known in found if fnmatchcase(known.name, pattern)]
    if not chosen:
        raise CameraError(f"no sequence is called '{pattern}': there are {', '.join(k.name for k in found)}")
    return chosen


def known_by_source(source: str) -> Known | None:
    """Give the sequence that a camera's URL or a recording's path names; None where no truth is known."""
    if source.startswith("synthetic:"):
        return Known(source.removeprefix("synthetic:"), source, None)
    truth = Path(source).with_name(Path(source).stem + _SUFFIX)
    return Known(Path(source).stem, source, truth) if truth.exists() else None


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """The N true people of one capture; `ids` (N,) stay theirs, the rest has the shapes of `Truth`.

    Recordings have no orientations.
    """

    ids: I64
    pixels: I64
    joints: F64
    visibility: U8
    orientations: F64 | None = None


def truth_reader(known: Known, camera: Camera) -> Callable[[Capture], People]:
    """Give a function that returns the true people in a capture of the sequence's open camera.

    Raises:
        CameraError: the truth file cannot be read or is malformed. The function raises it for a capture that
            the file lacks.
    """
    if known.truth is None:
        assert isinstance(camera, SyntheticCamera)  # only a scene has no file
        return lambda capture: _people_of_scene(camera, capture)
    frames = _read(known.truth)

    def people(capture: Capture) -> People:
        if capture.device_usec not in frames:
            raise CameraError(
                f"{known.truth} has no frame at {capture.device_usec} us, where {known.source} has a "
                "capture: they do not belong together"
            )
        return frames[capture.device_usec]

    return people


def _people_of_scene(camera: SyntheticCamera, capture: Capture) -> People:
    """Ask the camera; count each person's pixels by the true bodies and the depth image."""
    bodies = camera.truth(capture)
    assert capture.depth is not None  # the synthetic camera always measures depth
    rows = index_map(capture.depth, bodies, camera.calibration)
    pixels = np.bincount(rows.ravel(), minlength=256)[: len(bodies)]
    table = np.array([_VISIBILITY.get(Confidence(c), Visibility.VISIBLE) for c in range(4)], np.uint8)
    return People(bodies.ids, pixels, bodies.positions, table[bodies.confidence], bodies.orientations)


def _read(path: Path) -> dict[int, People]:
    try:
        file = msgspec.json.decode(path.read_bytes(), type=_File)
    except OSError as error:
        raise CameraError(f"cannot read {path}: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise CameraError(f"{path} is not the truth of a recording: {error}") from error
    if file.joint_names != [joint.name for joint in Joint]:
        raise CameraError(f"{path}: its joint_names are not the 32 joints in SDK order")
    return {frame.timestamp_usec: _people(path, frame) for frame in file.frames}


def _people(path: Path, frame: _Frame) -> People:
    for person in frame.bodies:
        if not len(person.joints) == len(person.visibility) == JOINT_COUNT:
            raise CameraError(f"{path}: person {person.id} at {frame.timestamp_usec} us has not 32 joints")
    return People(
        np.array([person.id for person in frame.bodies], np.int64),
        np.array([person.pixels for person in frame.bodies], np.int64),
        np.reshape([person.joints for person in frame.bodies], (-1, JOINT_COUNT, 3)).astype(np.float64),
        np.reshape([person.visibility for person in frame.bodies], (-1, JOINT_COUNT)).astype(np.uint8),
    )


def lay_out(usec: Sequence[int], captures: Sequence[People]) -> Truth:
    """Lay out the people of successive captures by id; `usec` are the captures' device times."""
    ids = np.unique(np.concatenate([np.zeros(0, np.int64), *(people.ids for people in captures)]))
    shape = (len(captures), len(ids))
    present, pixels = np.zeros(shape, bool), np.zeros(shape, np.int64)
    joints = np.full((*shape, JOINT_COUNT, 3), np.nan)
    orientations = np.full((*shape, JOINT_COUNT, 4), np.nan)
    visibility = np.full((*shape, JOINT_COUNT), Visibility.OUTSIDE, np.uint8)
    oriented = bool(captures) and all(people.orientations is not None for people in captures)
    for t, people in enumerate(captures):
        columns = np.searchsorted(ids, people.ids)
        present[t, columns] = True
        pixels[t, columns] = people.pixels
        joints[t, columns] = people.joints
        visibility[t, columns] = people.visibility
        if oriented and people.orientations is not None:
            orientations[t, columns] = people.orientations
    seconds = np.array(usec, np.float64) / 1e6
    if not oriented:
        for column in range(len(ids)):
            orientations[:, column] = _orientations(seconds, joints[:, column])
    return Truth(seconds, present, pixels, joints, visibility, orientations)


def _orientations(seconds: F64, joints: F64) -> F64:
    """Give the orientations (T, 32, 4) that the skeleton's rules say of one person's true joints (T, 32, 3).

    Recordings have joints of a rig, not frames as k4abt defines them. NaN where the person is not there.
    """
    out = np.full((*joints.shape[:2], 4), np.nan)
    before, last = None, 0.0
    for t in np.flatnonzero(np.isfinite(joints[:, 0, 0])):
        aim = aims(joints[t], np.ones(JOINT_COUNT))
        before = first_frames(aim.joints, before, float(seconds[t] - last))
        out[t], last = matrix_to_quaternion(before), float(seconds[t])
    return out
