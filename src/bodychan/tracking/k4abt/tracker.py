"""Microsoft's k4abt as a tracker. Never run against the real library: its tests use a stand-in."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from bodychan.cameras.k4a.api import MICROSOFT, ORBBEC
from bodychan.cameras.k4a.handles import K4a
from bodychan.cameras.library import load
from bodychan.errors import DeviceUnavailable, ParameterError, TrackerError, did_you_mean
from bodychan.model.bodies import Bodies
from bodychan.model.capture import Capture
from bodychan.optics.calibration import Calibration
from bodychan.optics.modes import DEPTH_MODES, one_named
from bodychan.tracking.base import Tracker
from bodychan.tracking.k4abt.api import K4ABT, PROCESSING_MODES, SENSOR_ORIENTATIONS, NativeTracker
from bodychan.tracking.k4abt.pump import IN_FLIGHT, Counts, Entry, Pump

HARDWARE = {"microsoft": MICROSOFT, "orbbec": ORBBEC}
"""The k4a library by the names of the TOP's menu `library`."""


class K4abtTracker(Tracker):
    """Finds bodies with k4abt, which must be installed, as must the k4a library of the camera's maker.

    Rows are k4abt's joints, ids k4abt's ids, confidence as it gives it (0 to 3); `Bodies.index_map` is there
    for each capture that has depth and infrared, others have no bodies. On a GPU k4abt itself does not give
    the same numbers twice. Its header of 1.0 speaks of one tracker per process.

    Args:
        calibration: of the camera, in the modes of its captures.
        processing_mode: gpudefault (DirectML on Windows, CUDA on Linux), cpu or directml.
        gpu: number of the graphics card.
        model: an ONNX model of the SDK; None = its default.
        orientation: how the camera is mounted: default, cw90, ccw90 or flipped.
        smoothing: over time, 0 (none) to 1.
        wait: True: `track` gives the bodies of its very capture. False: it returns at once the newest that
            are finished, `Bodies.frame` says of which capture, and captures that come faster than k4abt
            works are dropped, oldest first.
        hardware: microsoft or orbbec: whose k4a library, which must be the one that the camera uses.
        library: k4abt's file or folder; None = see `native.k4abt.K4ABT`.
        k4a_library: the k4a library's file or folder; None = see `native.k4a`.

    Raises:
        ParameterError: a mode, orientation, hardware or smoothing is none.
        TrackerError: a library is missing, or makes no tracker with these settings.
    """

    def __init__(
        self,
        calibration: Calibration,
        *,
        processing_mode: str = "gpudefault",
        gpu: int = 0,
        model: Path | None = None,
        orientation: str = "default",
        smoothing: float = 0.0,
        wait: bool = True,
        hardware: str = "microsoft",
        library: Path | None = None,
        k4a_library: Path | None = None,
    ) -> None:
        _require("processing mode", processing_mode, PROCESSING_MODES)
        _require("sensor orientation", orientation, SENSOR_ORIENTATIONS)
        _require("hardware", hardware, HARDWARE)
        if not 0.0 <= smoothing <= 1.0:
            raise ParameterError(f"smoothing is {smoothing}, must be from 0 to 1")
        if calibration.depth_mode == "PASSIVE_IR":
            raise TrackerError("k4abt needs depth, PASSIVE_IR has none: use NFOV_UNBINNED or WFOV_2X2BINNED")
        if one_named(calibration.depth_mode, DEPTH_MODES).foreign:
            raise TrackerError(
                f"k4abt tracks what an Azure Kinect or a Femto sees, not images of {calibration.depth_mode}: "
                "use the built-in tracker"
            )
        if model is not None and not model.is_file():
            raise TrackerError(f"there is no model {model}: name an ONNX file of the Body Tracking SDK")
        try:
            # First, so that k4abt, which links to k4a, gets this one.
            k4a = K4a(HARDWARE[hardware], k4a_library)
            functions = load(K4ABT, library)
            native_calibration = k4a.calibration(
                calibration.raw, calibration.depth_mode, calibration.color_resolution
            )
        except DeviceUnavailable as error:
            raise TrackerError(f"k4abt cannot be used: {error}") from error
        native = NativeTracker(
            k4a,
            functions,
            native_calibration,
            orientation=SENSOR_ORIENTATIONS[orientation],
            processing_mode=PROCESSING_MODES[processing_mode],
            gpu=gpu,
            model=model,
        )
        native.set_smoothing(smoothing)
        lens = calibration.lenses["depth"]
        self.waits = wait
        self._pump = Pump(k4a, native, (lens.height, lens.width))
        self._live: deque[Entry] = deque()
        self._newest = Bodies.none(0, 0)

    @property
    def faults(self) -> int:
        """How many captures k4abt skipped, and bodies without finite joints that were left out."""
        return self.counts.skipped + self.counts.left_out

    @property
    def dropped(self) -> int:
        """How many captures gave way to newer ones; none with `wait`."""
        return self.counts.dropped

    @property
    def counts(self) -> Counts:
        """What did not become bodies so far."""
        return self._pump.counts

    def track(self, capture: Capture) -> Bodies:
        """Give the bodies of this capture, or without `wait` the newest that are finished.

        Before there are any, nobody, in frame 0: of no capture it is known yet who is in it.

        Raises:
            TrackerError: the tracker is closed, has stopped, or the capture is not of the calibration's mode.
        """
        if self.waits:
            return self._pump.result(self._pump.put(capture))
        self._live.append(self._pump.put(capture, may_drop=True))
        self.finished()
        return self._newest

    def finished(self) -> Bodies | None:
        """Give the newest bodies that were finished since the last call; with `wait` there are none."""
        found = None
        self._live = deque(entry for entry in self._live if not entry.dropped)
        while self._live and self._live[0].bodies is not None:
            found = self._live.popleft().bodies
        if found is not None:
            self._newest = found
        return found

    @property
    def busy(self) -> bool:
        """Whether there are or will be bodies that `finished` has not given yet."""
        return any(not entry.dropped for entry in self._live)

    def track_each(self, captures: Iterable[Capture]) -> Iterator[tuple[Capture, Bodies]]:
        """Track a run of captures, several in flight, and give each with its own bodies, in order.

        Where reading the captures fails, those before are given first.

        Raises:
            TrackerError: as `track`.
        """
        source, failure, more = iter(captures), None, True
        flying: deque[Entry] = deque()
        while more or flying:
            while more and len(flying) < IN_FLIGHT:
                try:
                    capture = next(source)
                except StopIteration:
                    more = False
                except Exception as error:
                    more, failure = False, error
                else:
                    flying.append(self._pump.put(capture))
            if flying:
                entry = flying.popleft()
                yield entry.capture, self._pump.result(entry)
        if failure is not None:
            raise failure

    def close(self) -> None:
        """End the threads and give the tracker back; a second call does nothing.

        Raises:
            TrackerError: the library does not return from a call; its tracker is left as it is.
        """
        self._pump.close()


def _require(what: str, name: str, table: Mapping[str, object]) -> None:
    if name not in table:
        raise ParameterError(f"no {what} '{name}': {did_you_mean(name, table)}")
