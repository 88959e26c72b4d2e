"""Converting a table that was written before into other formats, without tracking again."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from bodychan.apps.convert import Report, write_rows
from bodychan.apps.outlets import Outlets
from bodychan.channels.channels import Channels
from bodychan.channels.kinds import Quantity
from bodychan.outputs.angles import with_angles
from bodychan.outputs.table_reader import TableReader


def reconvert(
    source: str,
    targets: Sequence[str],
    *,
    angles: bool = False,
    overwrite: bool = False,
    progress: Callable[[int, int | None], None] = lambda _done, _expected: None,
) -> Report:
    """Write the channels of a wide table to other files and receivers; see `bodychan.apps.convert.convert`.

    Args:
        source: a .parquet or .csv file.
        targets: what `open_output` takes. Formats of skeletons need the channels of whole joints.
        angles: add the angles of `bodychan.outputs.angles`.
        overwrite: replace files that exist.
        progress: called with the rows done and expected (None where that is not known).

    Raises:
        OutputError: the table cannot be read, or a target cannot be opened.
    """
    with Outlets([source], overwrite=overwrite) as outlets:
        for target in targets:
            outlets.open(target)
        table = TableReader(Path(source))
        for outlet in outlets:
            outlet.describe(table.about)
        ids = [row for row, kind in enumerate(table.kinds) if kind.quantity is Quantity.ID]
        seen: set[int] = set()

        def rows() -> Iterator[Channels]:
            for channels in table:
                seen.update(np.unique(channels.samples[ids]).astype(int).tolist())
                yield channels

        report = write_rows(
            with_angles(rows(), angles=angles),
            outlets,
            newest=lambda: None,
            warnings=tuple,
            progress=lambda done: progress(done, table.rows),
        )
        return replace(report, bodies=frozenset(seen - {0}))
