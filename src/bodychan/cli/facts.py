"""Commands that tell what there is: info, params and models."""

from pathlib import Path

import click

from bodychan.cli.common import note


@click.command()
@click.argument("source", required=False)
def info(source: str | None) -> None:
    """Say what is installed, or what is in SOURCE."""
    from bodychan.apps import info as facts

    found = facts.environment() if source is None else facts.describe(source)
    width = max(map(len, found))
    for name, value in found.items():
        click.echo(f"{name:{width}}  {value}")


@click.command()
@click.argument("operator", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "schema"]),
    default="text",
    help="text; the page of the docs; or JSON Schema.",
)
def params(operator: str | None, form: str) -> None:
    """List the parameters of OPERATOR, such as KinectAzureCHOP, or of every operator."""
    from bodychan.operators import catalog as registry

    kinds = [registry.kind_of(operator)] if operator else list(registry.KINDS.values())
    click.echo(registry.listing(kinds, form))


@click.group()
def models() -> None:
    """Fetch, find and check the tracker's model files."""


@models.command()
def fetch() -> None:
    """Fetch the model files from the package index and keep them in the user's cache."""
    from bodychan.tracking.blazepose import models as files

    click.echo(files.fetch(note))


@models.command()
def path() -> None:
    """Say in which folder the model files are looked for."""
    from bodychan.tracking.blazepose import models as files

    click.echo(files.known_folder())


@models.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
def check(folder: Path | None) -> None:
    """Check the model files in FOLDER, or where they are looked for, against their known sums."""
    from bodychan.tracking.blazepose import models as files

    folder = folder or files.known_folder()
    files.check(folder)
    click.echo(f"{folder}: both files are right")
