"""Twenty invented brands of five industries, and the places where people speak of them."""

from __future__ import annotations

from dataclasses import dataclass

INDUSTRIES = ("banking", "delivery", "telecom", "retail", "travel")
NAMES = (
    "Nordwind Bank", "Fennpost", "Halden Mobil", "Mirabel Home", "Tramontana Rail",
    "Alderbank", "Kranich Parcels", "Telvanta", "Trosken", "Zephyr Coach",
    "Kestrel Money", "Swiftlet Express", "Orbix Fibre", "Casa Verda", "Baltica Air",
    "Banca Ondina", "Paketta", "Rede Clara", "Loom & Larch", "Merel Hotels",
)  # fmt: skip
"""By size; the industries take turns."""

HOMES = "en de nl en fr de en es it pt en nl ro es de it de pt fr nl".split()
"""The language that half of a brand's mentions are in; a quarter is English, the rest is spread."""

TOWNS = "Ghent Leiden Bath Ulm Graz Metz Siena Porto Cluj Vigo Arles Delft".split()

FALL = 0.8
"""Sizes go as rank to the power of −FALL: the largest has a fifth of all mentions."""


@dataclass(frozen=True, slots=True)
class Place:
    """A kind of source: `share` of a brand's mentions, the share of mentions with stars, whether replies are known, the
    key of what it searches for, which attributes its mentions have."""

    kind: str
    share: float
    rated: float
    replies: bool
    sought: str | None = None
    attributes: tuple[str, ...] = ()

    @property
    def is_import(self) -> bool:
        """Whether files are imported into it."""
        return self.kind == "import"


PLACES = (
    Place("googleplay", 0.24, 1.0, True, attributes=("app_version",)),
    Place("appstore", 0.16, 1.0, False, attributes=("app_version",)),
    Place("trustpilot", 0.20, 1.0, True, attributes=("location",)),
    Place("schemaorg", 0.10, 1.0, False, attributes=("product", "location")),
    Place("bazaarvoice", 0.08, 1.0, True, attributes=("product",)),
    Place("youtube", 0.05, 0.0, True),
    Place("reddit", 0.04, 0.0, False, "query"),
    Place("mastodon", 0.02, 0.0, False, "tag"),
    Place("bluesky", 0.02, 0.0, False, "query"),
    Place("import", 0.09, 0.6, False, attributes=("product", "location")),
)
"""The kinds; of the first, which is the largest, big brands have three sources, one in each of their countries."""

IMPORTED = ("call notes", "branch cards", "web shop export")
"""Sources that files of every brand are imported into."""

PRODUCTS = {
    "banking": ("Current account", "Savings plan", "Credit card", "Home loan"),
    "delivery": ("Parcel M", "Express 12", "Locker", "Return label"),
    "telecom": ("Fibre 500", "Mobile L", "Prepaid", "TV box"),
    "retail": ("Oak table", "Lamp Fenna", "Linen set", "Garden chair"),
    "travel": ("Night coach", "City pass", "Double room", "Saver ticket"),
}


def industry(rank: int) -> str:
    """Return the industry of the brand of this rank."""
    return INDUSTRIES[rank % len(INDUSTRIES)]


def rivals(rank: int) -> list[str]:
    """Return the other brands of its industry."""
    return [name for other, name in enumerate(NAMES) if other != rank and industry(other) == industry(rank)]
