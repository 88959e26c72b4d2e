"""Every kind of operator by name, and its parameter table in words, as Markdown and as JSON Schema."""

import json
from collections.abc import Iterable

from bodychan.errors import OperatorError, did_you_mean
from bodychan.operators.info import InfoCHOP
from bodychan.operators.kinect.chop import KinectAzureCHOP
from bodychan.operators.kinect.fusion import FusionCHOP
from bodychan.operators.kinect.select_top import KinectAzureSelectTOP
from bodychan.operators.kinect.top import KinectAzureTOP
from bodychan.operators.merge import MergeCHOP
from bodychan.operators.network import NetworkCHOP
from bodychan.operators.operator import Operator
from bodychan.operators.parameters import Kind, Parameter, Value

_ALL = (KinectAzureTOP, KinectAzureSelectTOP, KinectAzureCHOP, FusionCHOP, InfoCHOP, MergeCHOP, NetworkCHOP)

KINDS: dict[str, type[Operator]] = {kind.__name__: kind for kind in _ALL}
"""The operators that a project file can name."""

_JSON_TYPES = {
    Kind.TOGGLE: "boolean",
    Kind.INT: "integer",
    Kind.FLOAT: "number",
    Kind.MENU: "string",
    Kind.STRING: "string",
    Kind.FILE: "string",
    Kind.PULSE: "boolean",
    Kind.OPERATOR: "string",
}

_INTRODUCTION = """# Parameters

Made from the parameter tables by `bodychan params --format markdown`; a test keeps it true.

Set them with `op.par.NAME = VALUE`, or `--par NAME=VALUE` on the command line. Names, labels, pages and menus
are TouchDesigner's, but those marked *ours*. TouchDesigner documents next to no defaults: `brightness` 128 is
its own, the others are this project's choice. A value outside the range is refused; a menu also takes the
item's place, counted from 0."""


def kind_of(name: str) -> type[Operator]:
    """Find a kind of operator by the name of its class.

    Raises:
        OperatorError: there is none; the message says which are near.
    """
    if name not in KINDS:
        raise OperatorError(f"no kind of operator '{name}': {did_you_mean(name, KINDS)}")
    return KINDS[name]


def json_schema(kind: type[Operator]) -> dict[str, object]:
    """Return a JSON Schema (draft 2020-12) of an object with values for an operator's parameters."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind.__name__,
        "type": "object",
        "properties": {parameter.name: _property(parameter) for parameter in kind.parameters},
        "additionalProperties": False,
    }


def _property(parameter: Parameter) -> dict[str, object]:
    facts: dict[str, object] = {
        "type": _JSON_TYPES[parameter.kind],
        "title": parameter.label,
        "description": parameter.help,
        "default": parameter.default,
        "x-page": parameter.page,
        "x-kind": parameter.kind.value,
    }
    optional = {
        "minimum": parameter.minimum,
        "maximum": parameter.maximum,
        "enum": [name for name, _ in parameter.menu] if parameter.menu and not parameter.more else None,
        "x-labels": [label for _, label in parameter.menu] or None,
        "x-soft-range": list(parameter.soft) if parameter.soft else None,
        "x-unit": parameter.unit or None,
    }
    return facts | {key: value for key, value in optional.items() if value is not None}


def listing(kinds: Iterable[type[Operator]], form: str) -> str:
    """List parameter tables as "text", as a "markdown" page or as JSON "schema", one object per operator."""
    if form == "markdown":
        return markdown(kinds)
    if form == "schema":
        schemas = {kind.__name__: json_schema(kind) for kind in kinds}
        return json.dumps(schemas, indent=2, ensure_ascii=False)
    return "\n\n".join(text(kind) for kind in kinds)


def markdown(kinds: Iterable[type[Operator]]) -> str:
    """Return the page of the docs: a table of the parameters of each kind of operator."""
    parts = [_INTRODUCTION]
    for kind in kinds:
        parts += ["", f"## {kind.__name__}", "", "| parameter | label | page | type | default | values | |"]
        parts.append("|---|---|---|---|---|---|---|")
        parts += [_markdown_row(parameter) for parameter in kind.parameters]
    return "\n".join(parts)


def _markdown_row(parameter: Parameter) -> str:
    default = _written(parameter.default)
    cells = (
        f"`{parameter.name}`",
        parameter.label,
        parameter.page,
        parameter.kind.value,
        f"`{default}`" if default else "",
        values(parameter).replace("|", "\\|"),
        parameter.help.replace("|", "\\|") + (" *Ours.*" if parameter.ours else ""),
    )
    return f"| {' | '.join(cells)} |"


def text(kind: type[Operator]) -> str:
    """Return an operator's parameters as lines for a terminal."""
    lines = [kind.__name__]
    page = ""
    for p in kind.parameters:
        if p.page != page:
            page = p.page
            lines.append(f"  {page}")
        default = _written(p.default)
        facts = "; ".join(filter(None, (p.kind.value, default and f"default {default}", values(p))))
        lines += [
            f"    {p.name:18}{p.label}{' (ours)' if p.ours else ''}",
            f"{'':22}{facts}",
            f"{'':22}{p.help}",
        ]
    return "\n".join(lines)


def values(parameter: Parameter) -> str:
    """Say which values a parameter takes: its range or the items of its menu; empty where any is taken."""
    if parameter.menu:
        return ", ".join([name for name, _ in parameter.menu] + ["…"] * (parameter.more is not None))
    return parameter.span


def _written(value: Value) -> str:
    return str(value) if not isinstance(value, bool) else "on" if value else "off"
