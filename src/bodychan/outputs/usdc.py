"""USD in Pixar's binary form (.usdc), made by their own library: the scene of the .usda, smaller."""

import tempfile
from pathlib import Path

from pxr import Sdf

from bodychan.errors import OutputError
from bodychan.outputs.motion import Motion
from bodychan.outputs.usd import UsdaFiles


class UsdcFiles(UsdaFiles):
    """.usdc files, one per body."""

    def encode(self, motion: Motion, _name: str, /) -> bytes:
        """Give the file of one body.

        Raises:
            OutputError: there is no room for it beside, where the library writes it.
        """
        layer = Sdf.Layer.CreateAnonymous(".usda")
        layer.ImportFromString(super().encode(motion, _name).decode("ascii"))
        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / "body.usdc"
            if not layer.Export(str(path)):
                raise OutputError(f"{self.target}: the library cannot write {path}: free some space there")
            return path.read_bytes()
