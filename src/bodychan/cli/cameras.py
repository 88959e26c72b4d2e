"""Commands about cameras and their makers' libraries."""

import click

from bodychan.cli.common import note

_MAKER = click.Choice(["orbbec"])


@click.group(invoke_without_command=True)
@click.pass_context
def cameras(context: click.Context) -> None:
    """List the connected cameras, and what is missing for those that would not work.

    The commands fetch, find and check Orbbec's library.
    """
    if context.invoked_subcommand is None:
        from bodychan.cameras.connected import connected

        for camera in connected():
            click.echo(camera.told())


@cameras.command()
@click.argument("maker", type=_MAKER)
def fetch(maker: str) -> None:  # noqa: ARG001 - there is one whose library can be fetched
    """Fetch Orbbec's library from the package index and keep it in the user's data directory."""
    from bodychan.cameras.orbbec import files

    click.echo(files.fetch(note))


@cameras.command()
def path() -> None:
    """Say in which folder Orbbec's library is looked for."""
    from bodychan.cameras.orbbec import files

    click.echo(files.known_folder())


@cameras.command()
def check() -> None:
    """Check Orbbec's library, and what belongs to it, against the known sums."""
    from bodychan.cameras.orbbec import files

    folder = files.known_folder()
    files.check(folder)
    click.echo(f"{folder}: every file of OrbbecSDK {files.VERSION} is right")
