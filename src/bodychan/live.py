"""Real time: a project's timeline follows the wall clock."""

import time
from collections.abc import Callable

from bodychan.operators.project import Project


def play(
    project: Project,
    ended: Callable[[], bool],
    *,
    clock: Callable[[], float] = time.perf_counter,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Step a project in real time until `ended` says so, or somebody calls `project.pause()`.

    A frame that comes too late is not made up for: the timeline jumps to where it should be, and the cameras
    go on with their newest capture. After a jump or at a new frame rate the clock counts from there.
    """
    project.playing = True
    jumps = None
    began = 0.0
    try:
        while project.playing and not ended():
            if jumps != project.jumps:
                jumps, began = project.jumps, clock() - project.frame / project.fps
            wait = (project.frame + 1) / project.fps - (clock() - began)
            if wait > 0:
                sleep(wait)
            due = int((clock() - began) * project.fps)
            project.step(max(1, due - project.frame))
    finally:
        project.playing = False
