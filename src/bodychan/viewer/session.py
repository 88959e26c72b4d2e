"""The viewer's session: a thread that owns the project, runs its timeline, and does what pages ask for."""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TypeVar

from bodychan.apps.meter import Meter, Status
from bodychan.channels.channels import Channels
from bodychan.errors import BodychanError
from bodychan.model.arrays import F32
from bodychan.model.bodies import Bodies
from bodychan.model.capture import Capture
from bodychan.viewer.commands import Watch
from bodychan.viewer.events import Job, State
from bodychan.viewer.files import Folder
from bodychan.viewer.jobs import Background, RecordingJob
from bodychan.viewer.presence import PresenceLog
from bodychan.viewer.routing import Board
from bodychan.viewer.snapshot import NO_SKELETONS, Snapshot, wall_clock
from bodychan.viewer.stage import Stage
from bodychan.viewer.telling import state_of

_Result = TypeVar("_Result")

_IDLE_SECONDS = 0.2
_STATE_SECONDS = 0.25
"""How often what changes by itself (lights, progress, presence) is told."""

_SETTLE_SECONDS = 3.0
"""How long a timeline that stands waits for the bodies of the capture that it stands at."""


class Session:
    """Owns a project from `start` to `close`. All access to it is on one thread: see `call`.

    The timeline runs while somebody looks, an output takes the channels or a recording is made, else it
    stands, and nothing is tracked. `snapshot` and `state` are the newest of each, frozen; `on_news` is called
    on the session's thread when there is a new one.

    Args:
        stage: what is shown first; the session closes it.
        folder: where files are read and written.
        given: the source that the command line named, which may lie outside of the folder.
    """

    def __init__(self, stage: Stage, folder: Folder, given: str = "") -> None:
        self.stage = stage
        self.folder = folder
        self.given = given
        self.board = Board()
        self.presence: PresenceLog | None = None
        self._present: Bodies | None = None
        self.recording: RecordingJob | None = None
        self.last_recording: Job | None = None
        self.export: Background | None = None
        self.explanation: Background | None = None
        self.playing = True
        self.snapshot: Snapshot | None = None
        self.names: tuple[str, ...] = ()
        self.revision = 0
        self.on_news: Callable[[], None] = lambda: None
        self._watches: dict[int, Watch] = {}
        self._calls: queue.Queue[Callable[[], None]] = queue.Queue()
        self._closing = False
        self._connecting = ""
        self._marks: tuple[object, ...] = ()
        self._captured = 0.0
        self._capture: Capture | None = None
        self._status: Status | None = None
        self._next_state = 0.0
        self._settle_until = 0.0
        self._left: Capture | None = None
        self._attach()
        self.state = self._state()
        self._thread = threading.Thread(target=self._run, name="bodychan-viewer", daemon=True)

    def start(self) -> None:
        """Begin to run."""
        self._thread.start()

    def close(self) -> list[str]:
        """Finish outputs and recording, close the camera; return what went wrong. May be called again."""
        self._closing = True
        if self._thread.is_alive():
            self._calls.put(lambda: None)
            self._thread.join()
        for job in (self.export, self.explanation):
            if job is not None:
                job.cancel(wait=10.0)
        if self.recording is not None:
            self.recording.stop()
        problems = self.board.close()
        self.stage.close()
        return problems

    def call(self, work: Callable[[], _Result]) -> "Future[_Result]":
        """Do something on the session's thread, between two frames."""
        future: Future[_Result] = Future()

        def done() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(work())
            except BaseException as error:
                future.set_exception(error)

        self._calls.put(done)
        return future

    def watch(self, viewer: int, watch: Watch | None) -> None:
        """Note what a page shows; None when it has gone. Safe on any thread."""
        if watch is None:
            self._watches.pop(viewer, None)
        else:
            self._watches[viewer] = watch
        self._calls.put(lambda: None)

    @property
    def watched(self) -> bool:
        """Whether a page shows anything."""
        return any(w.skeletons or w.channels or w.image or w.cloud != "off" for w in self._watched())

    def _watched(self) -> Sequence[Watch]:
        return tuple(self._watches.values())

    @property
    def _needed(self) -> bool:
        return self.watched or len(self.board) > 0 or (self.recording is not None and self.recording.running)

    def replace(self, stage: Stage) -> None:
        """Show another project; the one before is closed, and with it what it sent and recorded."""
        self.stop_recording()
        self.board.close()
        self.stage.close()
        self.stage = stage
        self._attach()
        self.restart()

    def restart(self) -> None:
        """Forget what was noted of the source before."""
        self._measure()
        self.presence = None
        self.last_recording = None
        self.playing = True

    def connecting(self, source: str, work: Callable[[], None]) -> None:
        """Do what may take seconds; pages are told before."""
        self._connecting = source
        self.tell()
        try:
            work()
        finally:
            self._connecting = ""

    def stop_recording(self) -> None:
        """Finish the recording, if there is one."""
        if self.recording is not None:
            self.recording.stop()
            self.last_recording = self.recording.shown()
            if self.recording in self.stage.top.capture_sinks:
                self.stage.top.capture_sinks.remove(self.recording)
            self.recording = None

    def moved(self, before: Capture | None) -> None:
        """Note that the timeline has jumped: rates begin anew, and one that stands waits for its bodies.

        Args:
            before: the capture that was shown; the one at the new place comes from another thread.
        """
        self._measure()
        self._left = before
        self._settle_until = time.perf_counter() + _SETTLE_SECONDS

    def _attach(self) -> None:
        self._measure()
        for chop in self.stage.chops:
            self.stage.project.attach(chop, _Tap(self, chop.name))

    def _measure(self) -> None:
        def note(status: Status) -> None:
            self._status = status

        self._status = None
        self._meter = Meter(self.stage.project, [self.stage.top], ["the page"], note)

    def take(self, source: str, channels: Channels) -> None:
        """Hand the channels of an operator on, at every frame."""
        self.board.write(source, channels)
        if source == self.stage.bodies.name:
            self._meter.write(channels)

    def _run(self) -> None:
        while not self._closing:
            if self.playing and self._needed and self.stage.source:
                if self.stage.camera is None:
                    # Opening takes seconds: pages are to know what they wait for.
                    self.connecting(self.stage.source, self.stage.top.cook)
                self.stage.project.play(self._between)
            else:
                self._stand()

    def _between(self) -> bool:
        """Publish what the last frame brought, do what was asked for; say whether to stand."""
        stage = self.stage
        self._publish()
        while not self._closing and (work := self._waiting(0.0)) is not None:
            work()
        if stage.top.ended and not stage.top.playback.loop and self.playing:
            self.playing = False
            self._status = None
            self._next_state = 0.0
        return (
            self._closing
            or not self.playing
            or stage is not self.stage
            or not self._needed
            or not stage.source
        )

    def _stand(self) -> None:
        """Wait for what is asked for; what it changes is shown although the timeline stands."""
        stage = self.stage
        settled = stage.settled and stage.top.capture is not self._left
        unsettled = not settled and bool(stage.source) and time.perf_counter() < self._settle_until
        work = self._waiting(0.015 if unsettled else _IDLE_SECONDS)
        if work is not None:
            work()
        if self.watched and self.stage.source and not self._closing:
            if unsettled:
                self._look_again()
            self._publish()
        elif time.perf_counter() >= self._next_state:
            self.tell()

    def _look_again(self) -> None:
        """Ask for capture and bodies again in the same frame: they come from threads of their own."""
        top = self.stage.top
        before = top.capture, top.bodies
        top.cook(force=True)
        if before != (top.capture, top.bodies):
            self.stage.project.note_change("")

    def _waiting(self, seconds: float) -> Callable[[], None] | None:
        try:
            return self._calls.get(timeout=seconds) if seconds else self._calls.get_nowait()
        except queue.Empty:
            return None

    def _publish(self) -> None:
        """Make a snapshot if there is something new and somebody looks, and the state if it is time."""
        top, project = self.stage.top, self.stage.project
        if top.capture is not self._capture:
            self._capture, self._captured = top.capture, wall_clock(project.frame_began)
        self._note_presence()
        shown = (self.stage.shown, *self._watched())
        marks = (*shown, top.capture, top.bodies, top.imu, project.changes, project.jumps)
        if self.watched and marks != self._marks:
            self._marks = marks
            self.snapshot = self._snapshot()
            self.on_news()
        if time.perf_counter() >= self._next_state:
            self.tell()

    def _note_presence(self) -> None:
        camera, bodies = self.stage.camera, self.stage.top.bodies
        if bodies is None or bodies is self._present or camera is None or not camera.duration_usec:
            return
        if self.presence is None:
            self.presence = PresenceLog(camera.duration_usec / 1e6)
        self._present = bodies
        if bodies.frame:
            self.presence.note((bodies.device_usec - camera.start_usec) / 1e6, map(int, bodies.ids))

    def _snapshot(self) -> Snapshot:
        stage = self.stage
        watches = self._watched()
        skeletons: F32 = NO_SKELETONS
        players: tuple[int, ...] = ()
        if any(watch.skeletons or watch.image for watch in watches):
            skeletons, players = self._skeletons()
        channels = stage.shown.channels if any(watch.channels for watch in watches) else None
        if channels is not None and channels.names != self.names:
            self.names = channels.names
            self.revision += 1
        camera = stage.camera
        return Snapshot(
            serial=(self.snapshot.serial if self.snapshot else 0) + 1,
            seconds=stage.seconds,
            captured=self._captured,
            capture=stage.top.shown(with_bodies=bool(stage.top.par.bodyimage)) or stage.top.capture,
            tracked=stage.top.shown(with_bodies=True),
            bodies=stage.top.bodies,
            calibration=camera.calibration if camera is not None else None,
            mirrored=bool(stage.top.par.mirrorimage),
            channels=channels,
            revision=self.revision,
            skeletons=skeletons,
            players=players,
            placement=stage.preview.placement(),
            up=stage.preview.up(),
        )

    def _skeletons(self) -> tuple[F32, tuple[int, ...]]:
        top, chop, preview = self.stage.top, self.stage.bodies, self.stage.preview
        try:
            preview.follow(top, chop)
        except BodychanError:
            # The operator itself says what is wrong with its parameters.
            return NO_SKELETONS, ()
        return preview.skeletons(top.bodies if chop.par.active else None, top.capture)

    def tell_soon(self) -> None:
        """Tell pages the state as soon as this call is done."""
        self._next_state = 0.0

    def tell(self) -> None:
        """Bring `state` up to date."""
        self._next_state = time.perf_counter() + _STATE_SECONDS
        state = self._state()
        if state != self.state:
            self.state = state
            self.on_news()

    def _state(self) -> State:
        return state_of(self, connecting=self._connecting)

    def info(self) -> dict[str, dict[str, float]]:
        """Return the Info channels by operator; on the session's thread."""
        stage = self.stage
        values = {"timeline": _rates(self._status)} if self._status else {}
        for operator in stage.project.ops("*"):
            try:
                values[operator.name] = operator.info()
            except BodychanError:
                # What an operator cannot tell stands in its errors.
                continue
        return values


class _Tap:
    """The channels of one operator, as a project's sink."""

    def __init__(self, session: Session, source: str) -> None:
        self._session, self._source = session, source

    def write(self, channels: Channels) -> None:
        """Hand channels on."""
        self._session.take(self._source, channels)


def _rates(status: Status) -> dict[str, float]:
    """Return how the timeline goes: in Hz, and the lag of the bodies behind the images in ms."""
    rates = {
        "frames_per_second": status.frames,
        "captures_per_second": status.captures,
        "bodies_per_second": status.tracked,
    }
    return rates if status.lag_seconds is None else rates | {"tracker_lag": 1000.0 * status.lag_seconds}
