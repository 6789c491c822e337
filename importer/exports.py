"""The usual exports whose columns their names alone do not explain: what each column is, ready to use.

Most exports need no entry here: `columns` recognises them by name and content. An entry says what only the
documentation of the service says: that `name` is an id, that a link tells the reviews apart, or that *Source Name* is
how a reviewer was invited.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from overheard.importer.names import normalise


@dataclass(frozen=True)
class Export:
    """An export that is recognised when it has all columns of `signature`.

    `roles` maps a role to the columns that may have it, of which the first that is there does; to none where no column
    may. A rating among them is one of five stars, whatever the file holds. What begins with one of `ignored` is not
    kept. Names are compared as `normalise` writes them. `source` is where the reviews come from, by the name of the
    kind that crawls it where there is one; None where only the rows say it.
    """

    name: str
    signature: tuple[str, ...]
    roles: Mapping[str, tuple[str, ...]]
    source: str | None = None
    ignored: tuple[str, ...] = ()

    def roles_in(self, columns: Collection[str]) -> dict[str, str]:
        """Return the column of each role, as `--columns` would name it; "" forbids the role."""
        by_name = {normalise(column): column for column in columns}
        found = {
            role: next((by_name[key] for key in map(normalise, names) if key in by_name), "")
            for role, names in self.roles.items()
        }
        return {role: column for role, column in found.items() if column or not self.roles[role]}

    def ignores(self, column: str) -> bool:
        """Say whether the column holds what the exporting program made of the text, and not what was written."""
        return normalise(column).startswith(self.ignored) if self.ignored else False


EXPORTS = (
    Export(
        "Google Play Console",
        ("Package Name", "Reviewer Language", "Star Rating", "Review Text", "Review Link"),
        {
            "text": ("Review Text",),
            "title": ("Review Title",),
            "rating": ("Star Rating",),
            "published": ("Review Submit Date and Time",),
            "edited": ("Review Last Update Date and Time",),
            "language": ("Reviewer Language",),
            "id": ("Review Link",),
            "url": ("Review Link",),
            "reply": ("Developer Reply Text",),
            "replied": ("Developer Reply Date and Time",),
            "app_version": ("App Version Name",),
        },
        source="googleplay",
    ),
    Export(
        "App Store Connect",
        ("id", "attributes.rating", "attributes.body", "attributes.createdDate"),
        {
            "rating": ("attributes.rating",),
            "author": ("attributes.reviewerNickname",),
            "location": ("attributes.territory",),
            "url": (),
        },
        source="appstore",
    ),
    Export(
        "App Store Connect",
        ("id", "rating", "body", "reviewerNickname", "createdDate", "territory"),
        {"rating": ("rating",), "location": ("territory",)},
        source="appstore",
    ),
    Export(
        "Google Business Profile",
        ("name", "reviewer.displayName", "starRating", "createTime"),
        {"id": ("name",), "text": ("comment",), "author": ("reviewer.displayName",)},
        source="googlemaps",
    ),
    Export(
        "Google Takeout",
        ("properties.date", "properties.five_star_rating_published", "properties.review_text_published"),
        {
            "id": ("properties.google_maps_url",),
            "url": ("properties.google_maps_url",),
            "rating": ("properties.five_star_rating_published",),
            "location": ("properties.location.name",),
        },
        source="googlemaps",
    ),
    Export(
        "Trustpilot",
        ("Review Created (UTC)", "Review Content", "Review Stars", "Source Name"),
        {"source": ()},
        source="trustpilot",
    ),
    Export(
        "Obsei",
        ("processed_text", "source_name"),
        {
            "text": ("processed_text",),
            "id": ("meta.review_id", "meta.reviewId", "meta.id"),
            "published": ("meta.review_datetime_utc", "meta.at", "meta.created_at", "meta.date"),
        },
        ignored=("segmented data",),
    ),
)
"""Exports by the columns that their services document, as of 2026."""


def known_export(columns: Collection[str]) -> Export | None:
    """Return the export that a table with these columns is, None where it is none of the known ones."""
    names = {normalise(column) for column in columns}
    return next((export for export in EXPORTS if names.issuperset(map(normalise, export.signature))), None)
