"""`overheard compare`: brands side by side, the brands of an industry, all industries."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from overheard.commands.options import Home, asking, by_option, console, format_option, pass_home, scope_options
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
@by_option
@format_option("table", "json", "csv", "md")
@pass_home
def compare_command(
    home: Home, brands: tuple[str, ...], industry: str | None, all_industries: bool, scope: Scope, by: str | None,
    form: str,
) -> None:  # fmt: skip
    """Two or more brands side by side; one brand is compared with its rivals.

    Each has the same mix of sources and languages; differences count as real after a correction for their number.

    \b
    Examples:
      overheard compare "Nordwind Bank" "Other Bank" --since 90d
      overheard compare "Nordwind Bank"
      overheard compare --industry banking --dimension speed
      overheard compare --all-industries
    """
    from overheard.insight.compare import compare
    from overheard.insight.industries import compare_industries
    from overheard.insight.split import answer_by
    from overheard.report.formats import render

    if (bool(brands), industry is not None, all_industries).count(True) != 1:
        raise UsageError("compare what? Name brands, or give --industry NAME, or --all-industries: one of the three")
    with home.store() as store, asking(store) as session:
        chosen = _chosen(session, brands, industry)
        if by is not None and not chosen:
            raise UsageError("--by splits brands that are compared; leave out --by or --all-industries")

        def ask(narrowed: Scope) -> Any:
            return compare(session, chosen, narrowed) if chosen else compare_industries(session, narrowed)

        found = ask(scope) if by is None else answer_by(session, chosen[0], scope, by, ask)
    render(found, form, console())


def _chosen(session: Session, names: tuple[str, ...], industry: str | None) -> list[Brand]:
    """Return the brands to compare, the first is what the others are compared with; none for all industries."""
    from overheard.insight.compare import brands_of
    from overheard.store.brands import find_brand

    if industry is not None:
        brands = brands_of(session, industry)
        if len(brands) == 1:
            raise UsageError(
                f"{brands[0].name!r} is the only brand in industry {industry!r}; give another one the industry with "
                "`overheard brand edit BRAND --industry`, or name the brands to compare"
            )
        return list(brands)
    found = [find_brand(session, name) for name in names]
    if len(names) == 1:
        found += _rivals(session, found[0])
    return list(dict.fromkeys(found))


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
