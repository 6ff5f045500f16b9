"""``actor-ticketing account``: what an operator does about the accounts that buyers have made."""

from typing import Annotated

import typer

from actor_ticketing.console import Config, DataDir, checked_email, problems_as_messages, run, settings_of, with_backend
from actor_ticketing.domain.accounts import Role

app = typer.Typer(name="account", help="Look after the accounts that buyers have made.", no_args_is_help=True)


@app.callback()
def accounts() -> None:
    """Look after the accounts that buyers have made."""


@app.command()
def role(
    email: Annotated[str, typer.Option(help="The account's e-mail address.")],
    role: Annotated[Role, typer.Option(help="What it may do: `admin` opens the admin routes.")],
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Give an account a role. The service must be stopped; access tokens issued before keep the former role."""
    with problems_as_messages():
        address = checked_email(email)
        settings = settings_of(config, data_dir)
        account = run(with_backend(settings, lambda backend: backend.accounts.give_role(address, role)))
    typer.echo(f"{account.id}: {account.role}")
