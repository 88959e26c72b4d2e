"""Channels on their way to a file that can only be made at the end, safe from a process that is killed.

Until then they lie under the file's partial name, as a stream of Arrow's: its metadata says what comes, and
every write is a batch of samples that is in the file at once. The last one may be cut off.
"""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from bodychan.channels.channels import Channels
from bodychan.channels.kinds import Kinds, Quantity
from bodychan.errors import OutputError
from bodychan.model.arrays import F64
from bodychan.outputs.about import About, columns, kind_of
from bodychan.outputs.files import PartialFile

_KEY = b"bodychan.spool"
_PLACE, _SAMPLE = "place", "sample"
_BEGINNING = b"\xff\xff\xff\xff"
"""What every stream of Arrow's begins with."""
_UNREADABLE = (pa.ArrowException, OSError, EOFError)


@dataclass(frozen=True, eq=False)
class Take:
    """All that was written: the channels as one, and the places (S,) of the samples on the timeline.

    `options` are the target's, `about` says where the channels come from.
    """

    channels: Channels
    places: F64
    options: Mapping[str, str]
    about: About

    @property
    def device_usec(self) -> F64 | None:
        """The device times (S,), None where there are none."""
        kinds = self.channels.kinds
        rows = [row for row, kind in enumerate(kinds) if kind.quantity is Quantity.DEVICE_TIME]
        return self.channels.samples[rows[0]] if rows else None


class Spool:
    """Writes channels that have the names of the first to a partial file.

    Args:
        file: it is begun here.
        first: the first channels; `write` gets them, too.
        rows: those of the channels that are kept.
        options: the target's.
        about: where the channels come from.

    Raises:
        OutputError: the file cannot be created.
        OSError: nothing can be written to it.
    """

    def __init__(
        self,
        file: PartialFile,
        first: Channels,
        rows: Sequence[int],
        options: Mapping[str, str],
        about: About,
    ) -> None:
        names = tuple(first.names[row] for row in rows)
        described = {
            "names": names,
            "columns": json.loads(columns(names, first.kinds.of_rows(rows))),
            "rate": first.rate,
            "options": dict(options),
            "source": about.source,
            "calibration": about.calibration,
            "parameters": about.parameters or {},
        }
        fields = [pa.field(_PLACE, pa.float64()), pa.field(_SAMPLE, pa.list_(pa.float64(), len(rows)))]
        self._schema = pa.schema(fields, metadata={_KEY: json.dumps(described, default=str)})
        self._file, self._rows = file, rows
        self._made = io.BytesIO()
        file.begin()
        options_of = pa.ipc.IpcWriteOptions(compression="zstd")
        self._writer = pa.ipc.new_stream(self._made, self._schema, options=options_of)
        self._put()

    def write(self, channels: Channels) -> None:
        """Write every sample.

        Raises:
            OSError: it is not in the file; what came before is.
        """
        places = channels.start + np.arange(channels.numSamples, dtype=np.float64)
        numbers = pa.array(channels.samples[self._rows].T.ravel())
        samples = pa.FixedSizeListArray.from_arrays(numbers, len(self._rows))
        self._writer.write_batch(pa.record_batch([pa.array(places), samples], schema=self._schema))
        self._put()

    def _put(self) -> None:
        data = self._made.getvalue()
        self._made.seek(0)
        self._made.truncate()
        self._file.put(data)


def read(path: Path) -> Take | None:
    """Read back what is whole; None where the file is no spool.

    Raises:
        OutputError: it is one, and no sample in it is whole.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        try:
            reader = pa.ipc.open_stream(file)
            described = json.loads((reader.schema.metadata or {})[_KEY])
            batches = list(_whole(reader))
        except (*_UNREADABLE, KeyError):
            file.seek(0)
            if file.read(len(_BEGINNING)) not in (_BEGINNING, b""):
                return None
            batches = []
    if not batches:
        raise OutputError(f"{path}: no sample in it is whole; nothing can be brought back")
    names = tuple(described["names"])
    table = pa.Table.from_batches(batches)
    samples: Any = table.column(_SAMPLE).combine_chunks()  # its type's stubs lack `flatten`
    places = table.column(_PLACE).to_numpy()
    kinds = Kinds([kind_of(described["columns"][name]) for name in names])
    about = About(described["source"], described["calibration"], described["parameters"])
    whole = np.asarray(samples.flatten()).reshape(-1, len(names)).T
    channels = Channels(names, whole, described["rate"], float(places[0]), kinds=kinds)
    return Take(channels, places, described["options"], about)


def _whole(reader: pa.ipc.RecordBatchStreamReader) -> Iterator[pa.RecordBatch]:
    """Give the batches up to the first that is cut off."""
    while True:
        try:
            yield reader.read_next_batch()
        except (StopIteration, *_UNREADABLE):
            return
