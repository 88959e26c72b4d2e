"""Where channels come from: what a file says of its own origin."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

from bodychan.channels.kinds import Kind, Kinds, Quantity
from bodychan.model.skeleton import Joint


@dataclass(frozen=True)
class About:
    """The origin of channels: `source` as it was opened, `calibration` its JSON, `parameters` by operator."""

    source: str
    calibration: str = ""
    parameters: Mapping[str, Mapping[str, object]] | None = None

    @cached_property
    def sha256(self) -> str:
        """The source's SHA-256 in hexadecimal; empty where it is no file that can be read."""
        try:
            path = Path(self.source.removeprefix("file:"))
            if not path.is_file():
                return ""
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except (OSError, ValueError):
            return ""

    def facts(self) -> dict[str, str]:
        """Give what is known as text, by name."""
        facts = {
            "version": version("bodychan"),
            "source": self.source,
            "source_sha256": self.sha256,
            "calibration": self.calibration,
            "parameters": json.dumps(self.parameters or {}, default=str),
        }
        return {name: text for name, text in facts.items() if text}


def columns(names: tuple[str, ...], kinds: Kinds) -> str:
    """Write what each column measures as JSON: by name `kind` and `unit`, and of a player's joint which.

    Channels of a merge say which of its inputs after the first they are from.
    """
    described = {}
    for name, kind in zip(names, kinds, strict=True):
        facts: dict[str, object] = {"kind": kind.name, "unit": kind.unit}
        if kind.player:
            facts["player"] = kind.player
        if kind.joint is not None:
            facts |= {"joint": kind.joint.channel, "group": kind.group, "axis": kind.axis}
        if kind.source:
            facts["source"] = kind.source
        described[name] = facts
    return json.dumps(described)


def kind_of(facts: Mapping[str, object]) -> Kind:
    """Read back what `columns` wrote of one channel.

    Raises:
        KeyError, ValueError: it did not write that.
    """
    joints = {joint.channel: joint for joint in Joint}
    return Kind(
        {quantity.value: quantity for quantity in Quantity}[facts["kind"]],
        int(str(facts.get("player", 0))),
        joints.get(str(facts.get("joint", ""))),
        str(facts.get("group", "")),
        int(str(facts.get("axis", 0))),
        int(str(facts.get("source", 0))),
    )
