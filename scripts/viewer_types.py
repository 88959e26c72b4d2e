"""Write the types of the viewer's messages, viewer/client/src/messages.ts, from the server's schema.

With --check it only compares.
"""

import sys
from pathlib import Path
from typing import Any

import msgspec

from bodychan.viewer import commands, events, frames

TARGET = Path(__file__).resolve().parents[1] / "viewer" / "client" / "src" / "messages.ts"
_PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}

Schema = dict[str, Any]
"""JSON Schema has no type of its own."""


def typescript() -> str:
    """Give the types of all messages."""
    roots = (commands.Commands, events.Events, frames.Frame)
    references, components = msgspec.json.schema_components(roots, ref_template="{name}")
    lines = [
        "// Made by scripts/viewer_types.py from commands.py, events.py and frames.py: change them there."
    ]
    for name, schema in sorted(components.items()):
        lines += [
            "",
            *_documented(schema.get("description", "")),
            f"export interface {name} {_object(schema)}",
        ]
    for name, schema in zip(("Commands", "Events"), references, strict=False):
        lines += ["", f"export type {name} = {_type(schema)};"]
    return "\n".join(lines) + "\n"


def _documented(text: str) -> list[str]:
    return [f"/** {' '.join(text.split())} */"] if text else []


def _object(schema: Schema) -> str:
    required = set(schema.get("required", ()))
    # A command may leave out what has a default; an event always has all that it can have.
    command = "do" in schema["properties"]
    rows = [
        f"  {key}{'?' if command and key not in required else ''}: {_type(of)};"
        for key, of in schema["properties"].items()
    ]
    return "\n".join(["{", *rows, "}"])


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        return str(schema["$ref"])
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_type(option) for option in schema["anyOf"]))
    if "enum" in schema:
        return " | ".join(f'"{value}"' for value in schema["enum"])
    if "prefixItems" in schema:
        return f"[{', '.join(_type(item) for item in schema['prefixItems'])}]"
    if schema.get("type") == "array":
        return (
            f"({_type(schema['items'])})[]" if "anyOf" in schema["items"] else f"{_type(schema['items'])}[]"
        )
    if schema.get("type") == "object":
        return f"{{ [key: string]: {_type(schema.get('additionalProperties', {}))} }}"
    return _PLAIN.get(str(schema.get("type")), "unknown")


def main() -> None:
    """Write the file, or compare it."""
    text = typescript()
    if "--check" not in sys.argv:
        TARGET.write_text(text)
    elif TARGET.read_text() != text:
        sys.exit(f"{TARGET} is not what the schema gives: run {Path(__file__).name}")


if __name__ == "__main__":
    main()
