"""The command line: the words a person types, and the exit codes that cron reads.

Exit codes: 0 done, 1 could not, 2 asked wrongly, 3 done in part.
"""

from __future__ import annotations

import errno
import gc
import importlib
import io
import logging
import os
import sys
from itertools import pairwise
from pathlib import Path

import click

from overheard import __version__
from overheard.commands.options import Home
from overheard.errors import OverheardError, UsageError
from overheard.report.printable import printable

COMMANDS = {
    "init": "setup",
    "demo": "setup",
    "config": "setup",
    "brand": "brands",
    "source": "sources",
    "crawl": "collect",
    "import": "collect",
    "refresh": "collect",
    "doctor": "doctor",
    "classify": "understand",
    "analyze": "understand",
    "eval": "understand",
    "train": "understand",
    "summary": "answers",
    "mentions": "answers",
    "accept": "answers",
    "reject": "answers",
    "inbox": "inbox",
    "targets": "targets",
    "surveys": "surveys",
    "trend": "trend",
    "explain": "explain",
    "compare": "compare",
    "export": "export",
    "alerts": "alerts",
    "themes": "themes",
}
"""Each command and the module of `overheard.commands` that holds it, in the order in which help lists them."""


LONGEST_ARGUMENT = 10_000
"""Characters of an argument: more than any name, path, target or description has."""

GARBAGE = 300_000
"""Objects after which garbage is looked for. What an answer makes lives until it is told: looking through it after
every 700 objects, as Python does by default, took a seventh of its time."""

DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM}
"""What the system says of a full or read-only disk, wherever it strikes: in a temporary file of a library, say."""


class _Commands(click.Group):
    """Loads a command's module when the command is asked for, and turns our errors into one line and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"overheard.commands.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # The reader went away (`overheard mentions … | head`): nothing to say, and nothing more to flush.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else "See `overheard --help`."
            raise click.UsageError(f"{error.message} {hint}", ctx) from None


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="overheard")
@click.option(
    "--config", "config", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="The settings file  [default: $OVERHEARD_CONFIG, else overheard.toml here]",
)  # fmt: skip
@click.option("--verbose", "-v", is_flag=True, help="Log to stderr what happens.")
@click.pass_context
def overheard(ctx: click.Context, config: Path | None, verbose: bool) -> None:
    """What customers praise and what hurts, per brand, with their own words as proof.

    \b
    Begin here:
      overheard demo                       see it work, offline
      overheard init                       make overheard.toml and the store in this directory
      overheard brand add "Nordwind Bank"
      overheard import reviews.csv --brand "Nordwind Bank"
      overheard classify
      overheard summary "Nordwind Bank"
    """
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO if verbose else logging.ERROR,
        format="%(levelname)s %(name)s: %(message)s",
    )
    ctx.obj = Home(config, verbose)


def _open_streams() -> None:
    """Put the null device where a standard stream is closed, as under some supervisors: nobody is to look for None."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115


def _check_arguments(arguments: list[str]) -> None:
    for before, argument in pairwise(["", *arguments]):
        if not argument and not before.startswith("-"):
            raise UsageError("an argument is empty; expected a name or a value (is a variable not set?)")
        if len(argument) > LONGEST_ARGUMENT:
            raise UsageError(
                f"argument {argument[:50]!r}… has {len(argument)} characters; expected at most {LONGEST_ARGUMENT}, "
                "longer input goes into a file"
            )


def _interrupted() -> int:
    click.echo("interrupted; run the same command again to go on", err=True)
    return 130


def main() -> None:
    """Run the command line; never returns."""
    _open_streams()
    gc.set_threshold(GARBAGE)
    try:
        _check_arguments(sys.argv[1:])
        code = overheard.main(standalone_mode=False)
    except KeyboardInterrupt:
        code = _interrupted()
    except click.exceptions.Exit as error:
        code = error.exit_code
    except click.Abort:
        code = _interrupted()
    except click.ClickException as error:
        said = io.StringIO()
        error.show(said)
        usage, mark, message = said.getvalue().partition("Error: ")
        click.echo(f"{usage}{mark}{printable(message)}", err=True)
        code = error.exit_code
    except OverheardError as error:
        click.echo(f"Error: {printable(str(error))}", err=True)
        code = error.exit_code
    except OSError as error:
        remedy = "free some space or use another folder" if error.errno in DISK_ERRORS else "check it and try again"
        click.echo(
            f"Error: {error.strerror or error}: {printable(str(error.filename or 'the output'))}; {remedy}", err=True
        )
        code = 2
    gc.freeze()  # else Python looks through all that was read once more before it ends: a tenth of an answer's time
    sys.exit(code if isinstance(code, int) else 0)
