"""Commands that tell what there is: info and params."""

import click

from bodychan.errors import CameraError


@click.command()
@click.argument("source", required=False)
def info(source: str | None) -> None:
    """Say what is installed, what is in SOURCE, or of a live camera all that a report of a fault needs."""
    from bodychan.apps import info as facts

    found = facts.environment() if source is None else facts.describe(source)
    width = max(map(len, found))
    for name, value in found.items():
        if name != facts.FAULT:
            click.echo(f"{name:{width}}  {value}")
    if facts.FAULT in found:
        raise CameraError(found[facts.FAULT])


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
