"""Running a project that was saved to a file."""

from collections.abc import Callable
from os import PathLike

from bodychan.apps.live import Line, play
from bodychan.apps.meter import Report, Status
from bodychan.errors import OperatorError
from bodychan.operators.chop import CHOP
from bodychan.operators.project import Project


def run(
    path: str | PathLike[str],
    *,
    overwrite: bool = False,
    status: Callable[[Status], None] = lambda _status: None,
) -> Report:
    """Play a project in real time into its outputs, until Ctrl-C or until all of its cameras have ended.

    Args:
        path: what `Project.save` wrote; without outputs, its last CHOP is shown in the terminal.
        overwrite: replace files that exist.
        status: called at every frame.

    Raises:
        OperatorError: the file cannot be read, or has no operator with channels.
        BodychanError: as `bodychan.apps.live.play`.
    """
    with Project.load(path) as project:
        project.realtime = True
        chops = [operator for operator in project.ops("*") if isinstance(operator, CHOP)]
        if not chops:
            raise OperatorError(f"{path} has no operator with channels: add a KinectAzureCHOP")
        lines = []
        for output in project.outputs:
            source = project.op(output.source)
            assert isinstance(source, CHOP)  # the file is refused otherwise
            lines.append(Line(source, output.target))
        return play(project, lines or [Line(chops[-1], "terminal")], overwrite=overwrite, status=status)
