"""Running a project that was saved to a file."""

from contextlib import ExitStack
from os import PathLike

from bodychan.errors import BodychanError, OperatorError
from bodychan.operators.chop import CHOP
from bodychan.operators.kinect.top import KinectAzureTOP
from bodychan.operators.project import Project
from bodychan.outputs.registry import open_output


def run(path: str | PathLike[str], *, overwrite: bool = False) -> tuple[str, ...]:
    """Play a project in real time into its outputs, until Ctrl-C or until all of its cameras have ended.

    Args:
        path: what `Project.save` wrote; without outputs, its last CHOP is shown in the terminal.
        overwrite: replace files that exist.

    Returns:
        The warnings of its operators.

    Raises:
        OperatorError: the file cannot be read, or has no operator with channels.
        OutputError: an output cannot be opened or written.
        BodychanError: every camera has failed.
    """
    with Project.load(path) as project, ExitStack() as stack:
        project.realtime = True
        chops = [operator for operator in project.ops("*") if isinstance(operator, CHOP)]
        if not chops:
            raise OperatorError(f"{path} has no operator with channels: add a KinectAzureCHOP")
        lines = [(project.op(line.source), line.target) for line in project.outputs]
        for source, target in lines or [(chops[-1], "terminal")]:
            assert isinstance(source, CHOP)  # the file is refused otherwise
            project.attach(source, stack.enter_context(open_output(target, overwrite=overwrite)))
            # Cameras and trackers take seconds to open: that must not be a hole at the start of the show.
            source.cook()
        tops = [operator for operator in project.ops("*") if isinstance(operator, KinectAzureTOP)]
        try:
            project.play(lambda: bool(tops) and all(top.ended or top.errors() for top in tops))
        except KeyboardInterrupt:
            stack.close()
        failed = [top.errors() for top in tops if top.errors()]
        if failed and len(failed) == len(tops):
            raise BodychanError("; ".join(failed))
        told = [line for op in project.ops("*") for line in (op.warnings() + "\n" + op.errors()).splitlines()]
        return tuple(dict.fromkeys(filter(None, told)))
