"""`overheard compare`: brands side by side, the brands of an industry, all industries."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from overheard.commands.options import Home, asking, console, format_option, pass_home, scope_options
from overheard.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from overheard.insight.scope import Scope
    from overheard.store.tables import Brand


@click.command("compare")
@click.argument("brands", nargs=-1)
@click.option("--industry", help="All brands of this industry, such as banking.")
@click.option("--all-industries", is_flag=True, help="One row for each industry, with its best brand.")
@scope_options
@format_option("table", "json", "csv", "md")
@pass_home
def compare_command(
    home: Home, brands: tuple[str, ...], industry: str | None, all_industries: bool, scope: Scope, form: str
) -> None:
    """Two or more brands side by side; one brand is compared with its rivals.

    Each has the same mix of sources and languages; differences count as real after a correction for their number.

    \b
    Examples:
      overheard compare "Nordwind Bank" "Other Bank" --since 90d
      overheard compare "Nordwind Bank"
      overheard compare --industry banking --dimension speed
      overheard compare --all-industries
    """
    from overheard.report.formats import render

    if (bool(brands), industry is not None, all_industries).count(True) != 1:
        raise UsageError("compare what? Name brands, or give --industry NAME, or --all-industries: one of the three")
    with home.store() as store, asking(store) as session:
        found = _compared(session, brands, industry, scope)
    render(found, form, console())


def _compared(session: Session, names: tuple[str, ...], industry: str | None, scope: Scope) -> Any:
    from overheard.insight.compare import brands_of, compare
    from overheard.insight.industries import compare_industries
    from overheard.store.brands import find_brand

    if industry is not None:
        brands = brands_of(session, industry)
        if len(brands) == 1:
            raise UsageError(
                f"{brands[0].name!r} is the only brand in industry {industry!r}; give another one the industry with "
                "`overheard brand edit BRAND --industry`, or name the brands to compare"
            )
        return compare(session, brands, scope)
    if not names:
        return compare_industries(session, scope)
    found = [find_brand(session, name) for name in names]
    if len(names) == 1:
        found += _rivals(session, found[0])
    return compare(session, list(dict.fromkeys(found)), scope)


def _rivals(session: Session, brand: Brand) -> list[Brand]:
    from overheard.store.brands import find_brand, terms

    names = terms(brand, "rival")
    if not names:
        raise UsageError(f"{brand.name!r} has no rival to compare with; name another brand")
    found = []
    for name in names:
        try:
            found.append(find_brand(session, name))
        except NotFoundError:
            raise NotFoundError(
                f"rival {name!r} is not in the store; add it with `overheard brand add {quote(name)}`"
            ) from None
    return found
