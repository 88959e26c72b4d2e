"""Commands about the tracker: how well it does, and a look inside."""

import sys
from pathlib import Path

import click

from bodychan.cli.common import Progress
from bodychan.cli.common import overwrite as overwrite_option
from bodychan.errors import needs_extra


@click.command("tracker")
@click.argument("dataset", nargs=-1, required=True)
@click.option("--out", type=click.Path(path_type=Path), help="Folder for tracker.json and plots.")
@click.option("--sequences", default="*", metavar="PATTERN", help="Only the sequences whose name matches.")
@click.option("--every", type=click.IntRange(min=1), default=1, metavar="N", help="Only every Nth capture.")
@click.option("--without", multiple=True, type=click.Choice(["color", "ir"]), help="Leave an image out.")
@click.option("--cores", default="", metavar="1,2,4", help="Also time whole conversions on so many cores.")
@click.option("--orientation", metavar="cw90", help="How the sensor of sets NAME.npz was mounted.")
@overwrite_option
def bench_tracker(
    dataset: tuple[str, ...],
    out: Path | None,
    sequences: str,
    every: int,
    without: tuple[str, ...],
    cores: str,
    orientation: str | None,
    overwrite: bool,
) -> None:
    """Measure the tracker against known joints.

    DATASET is a folder of recordings, each NAME.mkv with its NAME.gt.json, or a synthetic:SCENE; or a set of
    depth images without a truth, NAME.npz, of which people are counted and pictures drawn.
    """
    from rich.console import Console

    from bodychan.evaluation import benchmark as evaluation
    from bodychan.evaluation import tables

    if not all(part.strip().isdigit() for part in cores.split(",") if cores):
        raise click.BadParameter(f"'{cores}' are no numbers of cores, such as 1,2,4", param_hint="--cores")
    if out is not None:
        evaluation.prepare(out, overwrite=overwrite)
    sets = [Path(name) for name in dataset if name.endswith(".npz")]
    known = [name for name in dataset if not name.endswith(".npz")]
    if orientation and known:
        raise click.BadParameter(f"it is for sets NAME.npz, not for {known[0]}", param_hint="--orientation")
    if sets:
        _bench_sets(sets, out, orientation, overwrite=overwrite)
    if not known:
        return
    with Progress("tracker") as progress:
        result, runs = evaluation.run(
            known,
            pattern=sequences,
            every=every,
            without=without,
            progress=lambda _name, done, expected: progress(done, expected),
        )
    if cores:
        counts = [int(part) for part in cores.split(",")]
        result = evaluation.with_speeds(result, known, counts, pattern=sequences)
    Console(width=None if sys.stdout.isatty() else 160).print(tables.tables(result))
    if out is not None:
        evaluation.save(result, runs, out, overwrite=overwrite)
        click.echo(f"figures and plots: {out}")


def _bench_sets(paths: list[Path], out: Path | None, orientation: str | None, *, overwrite: bool) -> None:
    """Count the people in sets of depth images, and draw them into `out`."""
    from bodychan.evaluation import depth_sets
    from bodychan.tracking.registry import open_tracker

    for path in paths:
        known = depth_sets.read(path, orientation)
        tracked = [b for _, b in depth_sets.track(known, lambda c, o: open_tracker(c, orientation=o))]
        found = depth_sets.count(known, tracked)
        click.echo(
            f"{found.name}: {found.found} of {found.people} people found in {found.images} images, "
            f"{found.bodies} bodies, {found.ids} ids"
        )
        for limit, (people, seen) in found.by_distance.items():
            nearer = f"nearer than {limit:g} m to the next" if limit < float("inf") else "farther than that"
            click.echo(f"  {nearer}: {seen} of {people}")
        if out is not None:
            with needs_extra("plots", "the picture of a set"):
                from bodychan.apps import picture
                from bodychan.evaluation import depth_sheet
            picture.save(depth_sheet.sheet(known, tracked), out / f"{found.name}.png", overwrite=overwrite)


@click.command("debug-frame")
@click.argument("recording")
@click.argument("number", type=click.IntRange(min=1))
@click.option("--out", type=click.Path(path_type=Path), help="The picture; debug-N.png if not given.")
@overwrite_option
def debug_frame(recording: str, number: int, out: Path | None, overwrite: bool) -> None:
    """Draw what every stage of the tracker did with capture NUMBER of RECORDING, as a PNG.

    Up to 30 captures before it are tracked first. docs/tracker.md says what the panels show.
    """
    from bodychan.evaluation import debug_frame as stages

    out = out or Path(f"debug-{number}.png")
    stages.run(recording, number, out, overwrite=overwrite)
    click.echo(f"picture: {out}")
