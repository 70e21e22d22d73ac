"""The tree of commands."""

import typer

from stanch.cli import dead_letters, demo, doctor, halt, holds, incidents, release, replay, rules, topics, up

app = typer.Typer(
    name="stanch",
    help="Stops the bleeding: decides whether an attack is under way, contains it, proves it, undoes it in time.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
for module in (demo, replay, up, doctor, incidents, holds, release, halt):
    app.command(epilog=module.EXAMPLE)(module.command)
    app.registered_commands[-1].name = module.__name__.rpartition(".")[2]
app.add_typer(rules.app, name="rules")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(topics.app, name="topics")
