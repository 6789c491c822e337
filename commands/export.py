"""`overheard export`: opinions or mentions with all fields, for notebooks and BI tools."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from overheard.commands.options import Home, Progress, by_option, pass_home, say, scope_options
from overheard.errors import UsageError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from typing import BinaryIO

    from overheard.insight.scope import Scope

FORMATS = ("parquet", "csv", "jsonl", "xlsx")
STDOUT = "-"


@click.command("export")
@click.argument("brand")
@click.option("--output", "-o", default=STDOUT, show_default=True, metavar="FILE",
              help="The file to write; - is standard output, for csv and jsonl.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(FORMATS), help="How to write it  [default: by the file's ending]")
@click.option("--what", type=click.Choice(["opinions", "mentions"]), default="opinions", show_default=True,
              help="A row for each sentence, or for each mention.")  # fmt: skip
@click.option("--duplicates", is_flag=True, help="Also near-duplicates, which no answer counts; `duplicate_of` is set.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@scope_options
@by_option
@pass_home
def export_command(
    home: Home, brand: str, output: str, form: str | None, what: str, duplicates: bool, force: bool, scope: Scope,
    by: str | None,
) -> None:  # fmt: skip
    """Opinions with all fields as one flat table, for notebooks and BI tools.

    \b
    Examples:
      overheard export "Nordwind Bank" --output nordwind.parquet
      overheard export "Nordwind Bank" --since 90d --dimension speed --output speed.xlsx
      overheard export "Nordwind Bank" --what mentions --format jsonl | gzip > mentions.jsonl.gz
    """
    from overheard.insight.export import Export
    from overheard.report.export import check_rows, open_writer
    from overheard.store.brands import find_brand

    if by is not None:
        raise UsageError(f"export is one table with a column {by}: group by that where you read it, and leave --by out")
    form = form or _format_of(output)
    with home.store() as store, store.reading() as session, Progress("export") as progress:
        export = Export(session, find_brand(session, brand), scope, what=what, duplicates=duplicates)
        check_rows(form, export.count() if form == "xlsx" else 0)
        progress.start(export.mentions)
        rows = 0
        with _stream(output, form, force) as stream, open_writer(form, stream, export.columns, what) as writer:
            for mentions, found in export.pages():
                writer.write(found)
                rows += len(found)
                progress.advance(mentions)
    where = "" if output == STDOUT else f" to {output}"
    say(f"{rows:,} {what} of {export.mentions:,} mentions written{where}")
    for note in writer.notes:
        say(note)


def _format_of(output: str) -> str:
    ending = Path(output).suffix.lstrip(".").casefold()
    if ending not in FORMATS:
        raise UsageError(f"no format can be told from {output!r}; give --format, one of {', '.join(FORMATS)}")
    return ending


def _stream(output: str, form: str, force: bool) -> AbstractContextManager[BinaryIO]:
    from overheard.report.export import STREAMED, new_file

    if output != STDOUT:
        return new_file(Path(output), force=force)
    if form not in STREAMED:
        raise UsageError(f"{form} cannot go to standard output; name a file with --output FILE.{form}")
    return nullcontext(sys.stdout.buffer)
