"""The folder that the viewer may read and write."""

from pathlib import Path

from bodychan.errors import OutputError


class Folder:
    """A folder that names given by a page do not lead out of."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    def inside(self, name: str, *, allowed: str = "") -> str:
        """Return the path of a file in the folder, absolute unless the folder is the current one.

        Args:
            name: what the page said: relative to the folder, or absolute.
            allowed: one name that is taken as it is: what the user named on the command line.

        Raises:
            OutputError: the name leads out of the folder, by `..`, a link or otherwise.
        """
        if allowed and name == allowed:
            return name
        if not name or "\0" in name:
            raise OutputError("a file needs a name, such as take.mkv")
        path = (self.root / name).resolve()
        if not path.is_relative_to(self.root) or path == self.root:
            raise OutputError(
                f"{name} is not in {self.root}: the viewer reads and writes only there; "
                "start it with --root for another folder"
            )
        # A name with a colon could be taken for a URL by whoever opens it.
        plain = ":" not in name and not Path(name).is_absolute()
        return name if plain and self.root == Path.cwd() else str(path)

    def listed(self, *suffixes: str, most: int = 200, depth: int = 3) -> list[str]:
        """Return the files of some kinds in the folder and those below, by name relative to it."""
        found: list[str] = []
        for level in range(depth):
            pattern = "/".join(["*"] * level + ["*.*"])
            found += [
                path.relative_to(self.root).as_posix()
                for path in self.root.glob(pattern)
                if path.suffix.lower() in suffixes
                and not any(part.startswith(".") for part in path.relative_to(self.root).parts)
                and path.resolve() == path  # links lead elsewhere, or round in circles
            ]
            if len(found) >= most:
                break
        return sorted(found)[:most]
