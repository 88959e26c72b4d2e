"""The session in words: the state that pages show."""

from typing import Protocol

from bodychan.viewer.command_line import Changed, run_line
from bodychan.viewer.events import Job, Operator, Source, State
from bodychan.viewer.jobs import Background, RecordingJob
from bodychan.viewer.presence import PresenceLog
from bodychan.viewer.routing import Board
from bodychan.viewer.stage import Stage


class Told(Protocol):
    """What the state is made of: a session."""

    stage: Stage
    board: Board
    presence: PresenceLog | None
    playing: bool
    recording: RecordingJob | None
    last_recording: Job | None
    export: Background | None
    explanation: Background | None


def state_of(session: Told, *, connecting: str) -> State:
    """Return all that is set; on the session's thread."""
    stage = session.stage
    return State(
        source=Source(connecting, "connecting") if connecting else stage.described(),
        operators=tuple(
            Operator(
                operator.name,
                type(operator).__name__,
                {parameter.name: value for parameter, value in operator.pars()},
                operator.errors(),
                operator.warnings(),
            )
            for operator in stage.project.ops("*")
        ),
        shown=stage.shown.name,
        playing=session.playing,
        speed=stage.top.playback.speed,
        loop=stage.top.playback.loop,
        outputs=session.board.shown(),
        recording=session.recording.shown() if session.recording else session.last_recording,
        export=session.export.shown() if session.export else None,
        explanation=session.explanation.shown() if session.explanation else None,
        presence=session.presence.spans() if session.presence else (),
        command=command_of(session),
        project=stage.path,
    )


def command_of(session: Told) -> str:
    """Return the command line that does the same as what is set; of the operators of one source only."""
    stage = session.stage
    chop = stage.bodies
    return run_line(
        stage.source or "SOURCE",
        Changed(stage.top.pars(), ("sensor", "active")),
        Changed(chop.pars(), ("top",)),
        stage.top.playback,
        [target for source, target in session.board.targets() if source == chop.name],
    )
