"""`overheard brand`: add, list, show, edit, remove."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from overheard.commands.options import Home, format_option, json_text, pass_home, say, table
from overheard.errors import UsageError

if TYPE_CHECKING:
    from overheard.store.tables import Brand


def described(brand: Brand) -> dict[str, Any]:
    """Return a brand as plain data."""
    from overheard.store.brands import terms

    return {
        "brand": brand.name,
        "industry": brand.industry,
        "description": brand.description,
        "aliases": terms(brand, "alias"),
        "products": terms(brand, "product"),
        "rivals": terms(brand, "rival"),
        "exclusions": terms(brand, "exclusion"),
        "sources": [source.id for source in brand.sources],
        "created_at": brand.created_at,
    }


@click.group("brand")
def brand_command() -> None:
    """The brands to listen for."""


def _term_options(command: Any) -> Any:
    for name, text in (
        ("exclusion", "Words that rule a mention out, such as 'apple pie'. Repeatable."),
        ("product", "A product of the brand. Repeatable."),
        ("rival", "A brand to compare with. Repeatable."),
        ("alias", "Another name of the brand. Repeatable."),
    ):
        command = click.option(f"--{name}", f"{name}s" if name != "alias" else "aliases", multiple=True, help=text)(
            command
        )
    command = click.option(
        "--description", help="What the brand does, in a sentence or two: what a search finds is compared with it."
    )(command)
    return click.option("--industry", help="The brand's industry, such as banking.")(command)


@brand_command.command("add")
@click.argument("name")
@_term_options
@pass_home
def add(
    home: Home, name: str, industry: str | None, description: str | None, aliases: tuple[str, ...],
    rivals: tuple[str, ...], products: tuple[str, ...], exclusions: tuple[str, ...],
) -> None:  # fmt: skip
    """Add a brand.

    \b
    Examples:
      overheard brand add "Nordwind Bank" --alias nordwind --industry banking --rival "Other Bank"
      overheard brand add Orange --industry telecommunications --product Livebox --exclusion "orange juice" \\
          --description "Orange offers mobile phones, fibre and television."
    """
    from overheard.store.brands import add_brand

    with home.store() as store, store.session() as session:
        brand = add_brand(
            session, name, aliases=aliases, industry=industry, description=description, rivals=rivals,
            products=products, exclusions=exclusions,
        )  # fmt: skip
        say(
            f"added brand {brand.name!r}. Next: `overheard source add {quote(brand.name)} …` for a place to crawl, "
            f"or `overheard import FILE --brand {quote(brand.name)}`"
        )


@brand_command.command("list")
@format_option("table", "json")
@pass_home
def list_(home: Home, form: str) -> None:
    """List the brands.

    \b
    Example:
      overheard brand list --format json
    """
    from overheard.store.brands import list_brands

    with home.store() as store, store.reading() as session:
        rows = [described(brand) for brand in list_brands(session)]
    if form == "json":
        click.echo(json_text(rows))
    elif rows:
        table(
            ("brand", "industry", "aliases", "rivals", "sources"),
            [
                (
                    row["brand"],
                    row["industry"],
                    ", ".join(row["aliases"]),
                    ", ".join(row["rivals"]),
                    len(row["sources"]),
                )
                for row in rows
            ],
        )
    else:
        say('no brand yet; add one with `overheard brand add "NAME"`')


@brand_command.command("show")
@click.argument("name")
@format_option("table", "json")
@pass_home
def show(home: Home, name: str, form: str) -> None:
    """Show one brand.

    \b
    Example:
      overheard brand show "Nordwind Bank"
    """
    from overheard.store.brands import find_brand

    with home.store() as store, store.reading() as session:
        row = described(find_brand(session, name))
    if form == "json":
        click.echo(json_text(row))
    else:
        table(("key", "value"), [(key, ", ".join(map(str, v)) if isinstance(v, list) else v) for key, v in row.items()])


@brand_command.command("edit")
@click.argument("name")
@click.option("--name", "new_name", metavar="NAME", help="Give the brand another name.")
@_term_options
@click.option("--drop", multiple=True, help="Forget this alias, rival, product or exclusion. Repeatable.")
@pass_home
def edit(
    home: Home, name: str, new_name: str | None, industry: str | None, description: str | None,
    aliases: tuple[str, ...], rivals: tuple[str, ...], products: tuple[str, ...], exclusions: tuple[str, ...],
    drop: tuple[str, ...],
) -> None:  # fmt: skip
    """Change a brand: what is given is added or replaced, the rest stays.

    \b
    Example:
      overheard brand edit "Nordwind Bank" --alias "NW Bank" --drop nordwind
    """
    from overheard.store.brands import describe, drop_terms, find_brand, rename_brand, set_industry, set_terms

    if not any((new_name, industry is not None, description is not None, aliases, rivals, products, exclusions, drop)):
        raise UsageError("nothing to change; add an option of `overheard brand edit --help`")
    with home.store() as store, store.session() as session:
        brand = find_brand(session, name)
        if new_name:
            rename_brand(session, brand, new_name)
        if industry is not None:
            set_industry(brand, industry)
        if description is not None:
            describe(brand, description)
        drop_terms(brand, drop)
        for kind, texts in (("alias", aliases), ("rival", rivals), ("product", products), ("exclusion", exclusions)):
            set_terms(brand, kind, texts)
        say(f"changed brand {brand.name!r}")


@brand_command.command("remove")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_home
def remove(home: Home, name: str, yes: bool) -> None:
    """Remove a brand with its sources and the mentions that speak of no other brand.

    \b
    Example:
      overheard brand remove "Nordwind Bank" --yes
    """
    from overheard.store.brands import find_brand, remove_brand

    with home.store() as store:
        with store.reading() as session:
            found = find_brand(session, name).name
        confirm(f"Remove {found!r} with its sources and mentions?", yes)
        with store.session() as session:
            count = remove_brand(session, find_brand(session, name))
    say(f"removed brand {found!r} and {count} mentions")


def confirm(question: str, yes: bool) -> None:
    """Ask before something is done; raises UsageError when the answer is no, or nobody is there to ask."""
    import sys

    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"{question} There is no terminal to ask at; add --yes")
    if not click.confirm(question, err=True):
        raise UsageError("nothing done")
