"""The usual exports, in the columns that their services document, import with a plain command."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from overheard.importer.exports import known_export
from overheard.importer.run import execute, plan
from overheard.settings import Settings
from overheard.store.brands import add_brand
from overheard.store.database import Store
from overheard.store.tables import Mention, Source


def sheet(columns: str, *rows: tuple[str, ...], encoding: str = "utf-8") -> bytes:
    """A CSV file; `columns` are separated by commas."""
    text = io.StringIO()
    csv.writer(text).writerows([columns.split(","), *rows])
    return text.getvalue().encode(encoding)


PLAY = sheet(
    "Package Name,App Version Code,App Version Name,Reviewer Language,Device,Review Submit Date and Time,"
    "Review Submit Millis Since Epoch,Review Last Update Date and Time,Review Last Update Millis Since Epoch,"
    "Star Rating,Review Title,Review Text,Developer Reply Date and Time,Developer Reply Millis Since Epoch,"
    "Developer Reply Text,Review Link",
    ("shop.fenna", "421", "4.2.1", "de", "bluejay", "2026-10-03T07:12:44Z", "1791011564000", "2026-10-05T09:00:00Z",
     "1791190800000", "2", "", "Seit dem Update finde ich den Warenkorb nicht mehr.", "2026-10-06T08:30:00Z",
     "1791275400000", "Danke, wir bessern nach.", "https://play.example/review-details?reviewId=aaa-1"),
    ("shop.fenna", "421", "4.2.1", "nl", "a54x", "2026-10-07T17:01:02Z", "1791392462000", "2026-10-07T17:01:02Z",
     "1791392462000", "5", "", "Bestellen gaat lekker vlot.", "", "", "",
     "https://play.example/review-details?reviewId=aaa-2"),
    ("shop.fenna", "420", "4.2.0", "en", "a54x", "2026-10-09T17:01:02Z", "1791565262000", "2026-10-09T17:01:02Z",
     "1791565262000", "4", "", "", "", "", "", ""),
    encoding="utf-16",
)  # fmt: skip
TRUSTPILOT = sheet(
    "Review Created (UTC),Review Username,Review User Id,Review User Email,Review Title,Review Content,Review Stars,"
    "Source Name,Reference Id,Review Language,Company Reply Date (UTC),Company Reply,Review Id,Domain URL,Tags",
    ("2026-10-01 08:15:02", "Anna", "u1", "anna@example.org", "Te laat", "Pakket kwam na drie weken.", "2",
     "Invitation link", "ORD-1", "nl", "2026-10-02 09:00:00", "Het spijt ons.", "t1", "fenna.example", ""),
    ("2026-10-02 08:15:02", "Bob", "u2", "", "Bien", "Livré en deux jours.", "5", "Organic", "", "fr", "", "", "t2",
     "fenna.example", ""),
)  # fmt: skip
CONNECT = {"rating": 1, "title": "Crashes", "body": "It closes when I open my cart.", "reviewerNickname": "lampfan",
           "createdDate": "2026-10-03T03:10:00-07:00", "territory": "BEL"}  # fmt: skip
CONNECT_JSON = {
    "data": [
        {"type": "customerReviews", "id": f"0000-{number}", "attributes": attributes,
         "relationships": {"response": {"links": {"self": f"https://connect.example/v1/customerReviews/{number}/response"}}}}
        for number, attributes in enumerate([CONNECT, CONNECT | {"rating": 5, "body": "Three taps and it is mine."}], 1)
    ],
    "links": {"self": "https://connect.example/v1/apps/7/customerReviews"},
    "meta": {"paging": {"total": 2, "limit": 20}},
}  # fmt: skip
PROFILE = {
    "reviews": [
        {"name": "accounts/1/locations/2/reviews/AbC1", "reviewer": {"displayName": "Ines P."}, "starRating": "FIVE",
         "comment": "A equipa ajudou-me a escolher o candeeiro.", "createTime": "2026-09-03T10:22:33.123456Z",
         "updateTime": "2026-09-03T10:22:33.123456Z",
         "reviewReply": {"comment": "Obrigado pela visita!", "updateTime": "2026-09-04T08:00:00Z"}},
        {"name": "accounts/1/locations/2/reviews/AbC2", "reviewer": {"displayName": "Tom"}, "starRating": "TWO",
         "comment": "Nobody at the till for ten minutes.", "createTime": "2026-09-05T10:22:33.123456Z",
         "updateTime": "2026-09-06T10:22:33.123456Z"},
        {"name": "accounts/1/locations/2/reviews/AbC3", "reviewer": {"displayName": "Kim"}, "starRating": "ONE",
         "createTime": "2026-09-05T10:22:33.123456Z", "updateTime": "2026-09-06T10:22:33.123456Z"},
    ]
}  # fmt: skip
TAKEOUT = {
    "type": "FeatureCollection",
    "features": [
        {"type": "Feature", "geometry": {"coordinates": [4.3, 50.8], "type": "Point"},
         "properties": {"date": f"2026-0{stars}-01T12:00:00Z", "five_star_rating_published": stars,
                        "google_maps_url": f"http://maps.example/?cid={stars}", "review_text_published": text,
                        "location": {"address": "Rue 1", "country_code": "BE", "name": f"Fenna {town}"}}}
        for stars, town, text in [(4, "Gent", "Mooie zaak, wat duur."), (1, "Liège", "Personne ne répond.")]
    ],
}  # fmt: skip
OBSEI = [
    {"processed_text": text, "segmented_data": {"classifier_data": {"positive": 0.1, "negative": 0.9}},
     "meta": {"author_name": "x", "date": "2026-10-01T10:00:00+00:00", "rating": stars, "review_id": f"o{stars}"},
     "source_name": "AppStoreScrapper"}
    for stars, text in [(1, "The lamp came broken and nobody answers."), (5, "Lovely warm light.")]
]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "content", "rows", "rejected", "sources", "first"),
    [
        ("play.csv", PLAY, 2, 1, {"googleplay"},
         {"rating": 0.25, "language": "de", "reply": "Danke, wir bessern nach.", "reply_state": "answered",
          "external_id": "https://play.example/review-details?reviewId=aaa-1",
          "edited": datetime(2026, 10, 5, 9, tzinfo=UTC), "replied": datetime(2026, 10, 6, 8, 30, tzinfo=UTC),
          "attributes": {"app_version": "4.2.1", "app_version_code": "421", "device": "bluejay"}}),
        ("trustpilot.csv", TRUSTPILOT, 2, 0, {"trustpilot"},
         {"external_id": "t1", "rating": 0.25, "title": "Te laat", "reply": "Het spijt ons.",
          "published": datetime(2026, 10, 1, 8, 15, 2, tzinfo=UTC), "attributes": {"source_name": "Invitation link"}}),
        ("connect.json", CONNECT_JSON, 2, 0, {"appstore"},
         {"external_id": "0000-1", "rating": 0.0, "title": "Crashes", "url": None, "attributes": {"location": "BEL"},
          "published": datetime(2026, 10, 3, 10, 10, tzinfo=UTC)}),
        ("connect.csv", sheet("id," + ",".join(CONNECT), ("0000-1", *map(str, CONNECT.values()))), 1, 0, {"appstore"},
         {"external_id": "0000-1", "rating": 0.0, "attributes": {"location": "BEL"}}),
        ("reviews.json", PROFILE, 2, 1, {"googlemaps"},
         {"external_id": "accounts/1/locations/2/reviews/AbC1", "rating": 1.0, "reply": "Obrigado pela visita!",
          "replied": datetime(2026, 9, 4, 8, tzinfo=UTC), "attributes": {}}),
        ("Reviews.json", TAKEOUT, 2, 0, {"googlemaps"},
         {"external_id": "http://maps.example/?cid=4", "rating": 0.75, "attributes": {"location": "Fenna Gent"}}),
        ("obsei.jsonl", "\n".join(map(json.dumps, OBSEI)).encode(), 2, 0, {"AppStoreScrapper"},
         {"external_id": "o1", "rating": 0.0, "attributes": {}, "published": datetime(2026, 10, 1, 10, tzinfo=UTC)}),
    ],
    ids=["Google Play Console", "Trustpilot", "App Store Connect, JSON", "App Store Connect, CSV",
         "Google Business Profile", "Google Takeout", "Obsei"],
)  # fmt: skip
def test_an_export_needs_no_mapping(
    store: Store, settings: Settings, tmp_path: Path, file: str, content: Any, rows: int, rejected: int,
    sources: set[str], first: dict[str, Any],
) -> None:  # fmt: skip
    with store.session() as session:
        add_brand(session, "Fenna")
    path = tmp_path / file
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode())
    planned = plan(path, brand="Fenna")
    assert planned.notes == ()
    result = execute(store, settings, planned, rejects=tmp_path / "rejects.jsonl")
    assert (result.added, result.rejected) == (rows, rejected)
    again = execute(store, settings, plan(path, brand="Fenna"), rejects=tmp_path / "rejects.jsonl")
    assert (again.added, again.updated, again.unchanged) == (0, 0, rows)
    with store.reading() as session:
        mentions = session.scalars(select(Mention).order_by(Mention.id)).all()
        assert {source.name for source in session.scalars(select(Source))} == sources
    assert {name: getattr(mentions[0], name) for name in first} == first
    written = repr([vars(mention) for mention in mentions])
    assert not any(name in written for name in ("Anna", "anna@", "lampfan", "Ines", "ORD-1"))


def test_what_the_user_says_goes_before_what_is_known(tmp_path: Path) -> None:
    path = tmp_path / "play.csv"
    path.write_bytes(PLAY)
    planned = plan(path, brand="Fenna", columns={"text": "Developer Reply Text", "id": ""})
    assert planned.columns.roles["text"] == ("Developer Reply Text",)
    assert not {"id", "reply"} & planned.columns.roles.keys()


@pytest.mark.parametrize("columns", [[], ["id", "text"], ["Star Rating", "Review Text"], ["processed_text"]])
def test_other_tables_are_no_known_export(columns: list[str]) -> None:
    assert known_export(columns) is None
