"""The people among channels: which rows hold whose joints, for all formats that carry people."""

from typing import NamedTuple

from bodychan.channels.channels import Channels
from bodychan.channels.kinds import Kinds, Quantity
from bodychan.channels.layout import JOINT_GROUPS
from bodychan.errors import OutputError, did_you_mean
from bodychan.model.skeleton import Joint


class Person(NamedTuple):
    """The rows of one player.

    `number` from 1, going on over the inputs of a merge; `source` which of the inputs that have players it is
    of, from 0; `id` the row of the body id, None where there is none; `joints` the rows of every group of
    channels that a joint has whole, in order of their axes.
    """

    number: int
    source: int
    id: int | None
    joints: dict[Joint, dict[str, tuple[int, ...]]]

    def rows(self, joint: Joint, group: str) -> tuple[int, ...] | None:
        """Return the rows of one group of a joint, None where it is not there whole."""
        return self.joints.get(joint, {}).get(group)


def people(kinds: Kinds) -> list[Person]:
    """Find the players among channels of these kinds, in order; none where nothing is known of them."""
    numbers = _numbers(kinds)
    sources = sorted({source for source, _ in numbers})
    found = {
        number: Person(number, sources.index(source), None, {}) for (source, _), number in numbers.items()
    }
    rows: dict[tuple[int, Joint, str], dict[int, int]] = {}
    for row, kind in enumerate(kinds):
        if not kind.player:
            continue
        number = numbers[kind.source, kind.player]
        if kind.quantity is Quantity.ID:
            found[number] = found[number]._replace(id=row)
        elif kind.joint is not None and kind.group in JOINT_GROUPS:
            rows.setdefault((number, kind.joint, kind.group), {})[kind.axis] = row
    for (number, joint, group), axes in rows.items():
        if len(axes) == len(JOINT_GROUPS[group].suffixes):
            joint_rows = found[number].joints.setdefault(joint, {})
            joint_rows[group] = tuple(axes[axis] for axis in sorted(axes))
    return list(found.values())


def chosen(target: str, channels: Channels, number: int | None = None) -> Person:
    """Choose one player: the one of this number, or the first.

    Raises:
        OutputError: there is no player, or none of this number.
    """
    found = people(channels.kinds)
    if not found:
        raise OutputError(f"{target}: there are no people among these channels; see the parameter 'scope'")
    if number is None:
        return found[0]
    for person in found:
        if person.number == number:
            return person
    players = [str(person.number) for person in found]
    raise OutputError(f"{target}: there is no player {number}: {did_you_mean(str(number), players)}")


def require(target: str, person: Person, joint: Joint, group: str) -> tuple[int, ...]:
    """Return the rows of one group of a joint.

    Raises:
        OutputError: it is not there.
    """
    rows = person.rows(joint, group)
    if rows is None:
        raise OutputError(
            f"{target}: player {person.number}'s {joint.channel} lacks the channels of '{group}': "
            "switch on that parameter, and leave them in 'scope'"
        )
    return rows


def _numbers(kinds: Kinds) -> dict[tuple[int, int], int]:
    """Give the players of all sources numbers: those of the second go on after the last of the first."""
    pairs = sorted({(kind.source, kind.player) for kind in kinds if kind.player})
    numbers: dict[tuple[int, int], int] = {}
    before, last_source = 0, 0
    for source, player in pairs:
        if source != last_source:
            before, last_source = max(numbers.values(), default=0), source
        numbers[source, player] = before + player
    return numbers
