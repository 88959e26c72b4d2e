"""Making the session that a command line asks for: what it names may lie outside of the pages' folder."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from bodychan.apps.recording_file import is_recording, recording_of
from bodychan.errors import BodychanError, CameraError, OperatorError
from bodychan.operators.chop import CHOP
from bodychan.operators.kinect.playback import Playback
from bodychan.operators.project_file import OutputLine
from bodychan.outputs.base import Output
from bodychan.outputs.registry import open_output
from bodychan.plugins import scheme_of
from bodychan.viewer.files import Folder
from bodychan.viewer.jobs import RecordingJob
from bodychan.viewer.session import Session
from bodychan.viewer.stage import Stage


def session_for(
    source: str,
    parameters: Mapping[str, object],
    playback: Playback,
    targets: Sequence[str] = (),
    *,
    root: Path = Path(),
    fps: float = 60.0,
    overwrite: bool = False,
) -> Session:
    """Make a session, not yet started.

    Args:
        source: what `open_camera` takes, a project's .toml file, or nothing.
        parameters: of the source's operators; a project has its own.
        playback: of a recording.
        targets: where the channels go from the start; .mkv files record the camera.
        root: the folder that pages may read and write.
        fps: frames of the timeline a second.
        overwrite: replace files that exist.

    Raises:
        BodychanError: a parameter, the project or a target is wrong.
    """
    if source.lower().endswith(".toml"):
        if parameters or targets or playback != Playback():
            raise OperatorError(f"{source} says itself what is played and where to: give no other options")
        stage = Stage.of_file(source)
    else:
        if source and not scheme_of(source) and not source.isdigit() and not Path(source).exists():
            raise CameraError(f"{source}: there is no such file; check the path")
        stage = Stage.of_source(source, parameters, playback, fps)
    session = Session(stage, Folder(root), given=stage.source)
    lines = [*stage.project.outputs, *(OutputLine(stage.bodies.name, target) for target in targets)]
    outputs: list[tuple[CHOP, Output]] = []
    try:
        for line in lines:
            if is_recording(line.target):
                _record(session, line.target, overwrite)
            else:
                output = open_output(line.target, overwrite=overwrite)
                outputs.append((stage.operator(line.source), output))
    except BodychanError:
        for _, output in outputs:
            output.keep()
        session.close()
        raise
    session.board.add_all(outputs, stage.top)
    session.tell()
    return session


def _record(session: Session, target: str, overwrite: bool) -> None:
    top = session.stage.top
    session.recording = RecordingJob(recording_of(target, top.open(), overwrite=overwrite))
    top.capture_sinks.append(session.recording)
