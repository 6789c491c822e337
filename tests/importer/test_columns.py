"""Columns are recognised by name in eight languages and by content, and are what the user says they are."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from overheard.errors import ImportFileError
from overheard.importer.names import is_author, is_personal, normalise
from overheard.importer.run import Plan, plan

TEXTS = (
    "The driver was late and rude to everybody",
    "Quick, friendly and cheap, thank you",
    "It was fine, no more to say",
)


def make(tmp_path: Path, cells: Mapping[str, Sequence[object]], **options: Any) -> Plan:
    """Write columns of cells as CSV, their values repeated to 30 rows, and plan the import."""
    path = tmp_path / "reviews.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(cells)
        writer.writerows([values[row % len(values)] for values in cells.values()] for row in range(30))
    return plan(path, **options)


def unique(prefix: str = "r") -> list[str]:
    return [f"{prefix}{number}" for number in range(30)]


@pytest.mark.parametrize(
    ("columns", "roles"),
    [
        (
            {"Review ID": unique(), "Review Text": TEXTS, "Review Title": ["So so", "Nice"], "Rating": [5, 1, 3],
             "Review Time": ["2024-03-05T10:00:00Z"], "Language": ["en"], "Reply Text": ["Thank you for this", ""]},
            {"id": "Review ID", "text": "Review Text", "title": "Review Title", "rating": "Rating",
             "published": "Review Time", "language": "Language", "reply": "Reply Text"},
        ),
        (
            {"Datum": ["05.03.2024"], "Uhrzeit": ["10:11", "12:05:09"], "Bewertung": TEXTS, "Sterne": [5, 1, 2],
             "Autor": ["Jana K.", "Tim"], "Titel": ["Na ja", "Gut"], "Antwort": ["Vielen Dank dafür!", ""]},
            {"published": "Datum+Uhrzeit", "text": "Bewertung", "rating": "Sterne", "author": "Autor",
             "title": "Titel", "reply": "Antwort"},
        ),
        (
            {"datum": ["5 maart 2024"], "beoordeling": ["4 sterren", "2 sterren"], "recensie": TEXTS, "taal": ["nl"]},
            {"published": "datum", "rating": "beoordeling", "text": "recensie", "language": "taal"},
        ),
        (
            {"Data": ["5 martie 2024"], "Recenzie": TEXTS, "Nota": ["5", "1"], "Oraș": ["Cluj", "Iași"]},
            {"published": "Data", "text": "Recenzie", "rating": "Nota"},
        ),
        (
            {"data": ["5 marzo 2024"], "recensione": TEXTS, "voto": ["8/10", "10/10"], "utente": ["Ugo", "Ada"]},
            {"published": "data", "text": "recensione", "rating": "voto", "author": "utente"},
        ),
        (
            {"Date avis": ["5 mars 2024"], "Avis": TEXTS, "Note": ["4,5", "1,0"], "Titre": ["Bof", "Bien"]},
            {"published": "Date avis", "text": "Avis", "rating": "Note", "title": "Titre"},
        ),
        (
            {"fecha": ["5 de marzo de 2024"], "reseña": TEXTS, "puntuación": ["★★★★☆", "★☆☆☆☆"], "título": ["Regular"]},
            {"published": "fecha", "text": "reseña", "rating": "puntuación", "title": "título"},
        ),
        (
            {"ID": unique("1"), "TEMA": ["Atraso", "Troca"], "TEMPO": ["2022-01-09"], "DESCRICAO": TEXTS,
             "URL": [f"https://shop.example/{n}" for n in range(30)], "AVALIAÇÃO": ["5", "1"]},
            {"id": "ID", "title": "TEMA", "published": "TEMPO", "text": "DESCRICAO", "url": "URL"},
        ),
        (
            {"data.attributes.body": TEXTS, "data.attributes.created_at": ["2024-03-05"], "data.author.name": ["A"]},
            {"text": "data.attributes.body", "published": "data.attributes.created_at"},
        ),
        (
            {"reviewId": unique(), "userName": ["Ann", "Bob"], "content": TEXTS, "score": [5, 1, 2],
             "thumbsUpCount": [0, 3], "reviewCreatedVersion": ["1.2", "1.3"], "at": ["2024-03-05 10:00:00"],
             "replyContent": ["Sorry to hear that", ""], "repliedAt": ["2024-03-06 10:00:00", ""]},
            {"id": "reviewId", "author": "userName", "text": "content", "rating": "score", "published": "at",
             "reply": "replyContent", "replied": "repliedAt"},
        ),
    ],
)  # fmt: skip
def test_usual_exports_in_eight_languages(tmp_path: Path, columns: dict[str, Any], roles: dict[str, str]) -> None:
    found = {role: "+".join(names) for role, names in make(tmp_path, columns).columns.roles.items()}
    assert found | roles == found


class TestTexts:
    def test_by_content_where_no_name_says_it(self, tmp_path: Path) -> None:
        columns = {"q1": unique(), "q2": [f"{text} {n}" for n, text in enumerate(TEXTS * 10)], "q3": ["yes", "no"]}
        made = make(tmp_path, columns)
        assert made.columns.roles["text"] == ("q2",)
        assert ("text", "q2", "by its content") in made.chosen

    def test_the_longer_of_two_is_the_text(self, tmp_path: Path) -> None:
        assert make(tmp_path, {"comment": ["ok", "meh"], "review": TEXTS}).columns.roles["text"] == ("review",)

    def test_the_likelier_name_wins_among_texts(self, tmp_path: Path) -> None:
        columns = {"description": [f"{TEXTS[0]} and {TEXTS[1]}"], "review": TEXTS}
        assert make(tmp_path, columns).columns.roles["text"] == ("review",)

    def test_pros_and_cons_are_one_text(self, tmp_path: Path) -> None:
        made = make(tmp_path, {"Pros": ["Fast delivery"], "Cons": ["Dear and loud", ""], "Date": ["2024-03-05"]})
        assert [item.text for item in made.samples[:2]] == ["Fast delivery\nDear and loud", "Fast delivery"]

    def test_titles_alone_are_texts(self, tmp_path: Path) -> None:
        assert make(tmp_path, {"Title": TEXTS, "Stars": [5, 1]}).samples[0].text == TEXTS[0]

    def test_no_texts_at_all(self, tmp_path: Path) -> None:
        with pytest.raises(
            ImportFileError, match=r"none of the columns id, n holds texts; name it: --columns text=COLUMN"
        ):
            make(tmp_path, {"id": unique(), "n": [1, 2, 3]})


class TestRatings:
    @pytest.mark.parametrize(
        ("name", "values", "ratings"),
        [
            ("rating", [5, 1, 3], [1.0, 0.0, 0.5]),
            ("rating", ["4.5", "1.0", "2"], [0.875, 0.0, 0.25]),
            ("score", [10, 1, 7], [1.0, 0.1, 0.7]),
            ("score", [100, 20, 65], [1.0, 0.2, 0.65]),
            ("rating", ["4 of 5", "80 %", "★★★★★"], [0.75, 0.8, 1.0]),
            ("stars", [1, 2, 1], [0.0, 0.25, 0.0]),
            ("nps", [0, 3, 5], [0.0, 0.3, 0.5]),
            ("How likely are you to recommend us?", [9, 0, 4], [0.9, 0.0, 0.4]),
            ("Verdict of the guest", ["4/5", "2/5", "5/5"], [0.75, 0.25, 1.0]),
            ("rating", [5, 0, 3], [1.0, None, 0.5]),
        ],
    )
    def test_the_scale_is_told_by_the_sample(
        self, tmp_path: Path, name: str, values: list[Any], ratings: list[float | None]
    ) -> None:
        made = make(tmp_path, {"text": TEXTS, name: values})
        assert [item.rating and pytest.approx(item.rating) for item in made.samples] == ratings

    @pytest.mark.parametrize(
        "values",
        [[1, 2, 0], ["0", "1"], [-1, 0, 1], ["pos", "neg"], ["positive", "negative", "neutral"], [2, 4, 0, 4000]],
    )
    def test_classes_and_counts_are_never_stars(self, tmp_path: Path, values: list[Any]) -> None:
        made = make(tmp_path, {"text": TEXTS, "rating": values})
        assert "rating" not in made.columns.roles
        assert {item.rating for item in made.samples} == {None}
        assert "--map 'rating:" in made.columns.left_out["rating"] or "no rating" in made.columns.left_out["rating"]

    def test_classes_that_are_explained(self, tmp_path: Path) -> None:
        made = make(
            tmp_path, {"text": TEXTS, "rating": ["1", "2.0", "0"]},
            maps={"rating": {"1": "positive", "2": "negative", "0": "neutral"}},
        )  # fmt: skip
        assert [(item.rating, item.rating_given, item.rating_scale) for item in made.samples] == [
            (1.0, "1", None), (0.0, "2.0", None), (0.5, "0", None),
        ]  # fmt: skip

    def test_numbers_may_be_explained_as_stars(self, tmp_path: Path) -> None:
        made = make(tmp_path, {"text": TEXTS, "verdict": [1, 2, 3]}, columns={"rating": "verdict"},
                    maps={"verdict": {"1": "1/5", "2": "3/5", "3": "5/5"}})  # fmt: skip
        assert [(item.rating, item.rating_scale) for item in made.samples] == [(0.0, 5), (0.5, 5), (1.0, 5)]

    @pytest.mark.parametrize(
        ("values", "ratings"),
        [
            (["4,5/5", "1", "2"], [0.875, 0.0, 0.25]),
            (["4/5", "1/2 way", "8/10"], [0.75, 0.8]),
            (["", "", ""], [None, None, None]),
        ],
    )
    def test_a_rating_that_is_told_is_read(
        self, tmp_path: Path, values: list[str], ratings: list[float | None]
    ) -> None:
        made = make(tmp_path, {"text": TEXTS, "Mark": values}, columns={"rating": "Mark"})
        assert [item.rating for item in made.samples][: len(ratings)] == ratings

    @pytest.mark.parametrize(("values", "says"), [(["1", "2"], "--map 'rating:1=…"), ([-7, 4000, 9, 8, 7, 6], "-7 to")])
    def test_a_rating_that_cannot_be_decided_is_never_dropped_in_silence(
        self, tmp_path: Path, values: list[Any], says: str
    ) -> None:
        columns = {"text": TEXTS, "Note": values}
        with pytest.raises(
            ImportFileError, match=r"column 'Note' cannot be read as a rating.*--columns rating=$"
        ) as no:
            make(tmp_path, columns, columns={"rating": "Note"})
        assert says in str(no.value)
        if "map" in says:
            assert any("column Note left out: " in note and says in note for note in make(tmp_path, columns).notes)

    @pytest.mark.parametrize(
        ("values", "doubt"),
        [
            ([5, 4, 3, 2, 9, 1], "out of 10: only 5 of 30 values are above 5"),
            ([5, 8, 9, 1], None),
            ([50, 1, 9, 9, 9], "out of 100: only 6 of 30 values are above 10"),
        ],
    )
    def test_a_scale_that_few_values_decide_is_pointed_out(
        self, tmp_path: Path, values: list[int], doubt: str | None
    ) -> None:
        notes = [note for note in make(tmp_path, {"text": TEXTS, "rating": values}).notes if "is read as" in note]
        assert len(notes) == bool(doubt)
        assert all((doubt or "") in note and "--map" in note for note in notes)

    def test_a_meaning_that_is_none(self, tmp_path: Path) -> None:
        with pytest.raises(ImportFileError, match=r"rating:1=good: no meaning.*positive, neutral, negative"):
            make(tmp_path, {"text": TEXTS, "rating": [1, 2]}, maps={"rating": {"1": "good"}})


class TestDates:
    @pytest.mark.parametrize(
        ("values", "day_first"),
        [
            (["03/04/2024", "25/04/2024"], True),
            (["03/04/2024", "04/25/2024"], False),
            ([f"03/{day:02}/2024" for day in range(1, 13)], False),
            ([f"{day:02}/03/2024" for day in range(1, 13)], True),
            (["03/04/2024 10:11 PM", "04/05/2024 9:00 AM"], False),
            (["03/04/2024", "05/06/2024"], True),
        ],
    )
    def test_the_sample_decides_day_or_month(self, tmp_path: Path, values: list[str], day_first: bool) -> None:
        assert make(tmp_path, {"text": TEXTS, "date": values}).columns.day_first is day_first

    def test_a_guess_is_said(self, tmp_path: Path) -> None:
        made = make(tmp_path, {"text": TEXTS, "date": ["03/04/2024", "05/06/2024"]})
        assert "does not decide" in made.columns.remarks["published"]

    def test_a_date_and_its_time(self, tmp_path: Path) -> None:
        made = make(tmp_path, {"time": ["13:35:00"], "date": ["15.11.2017"], "tweet": TEXTS})
        assert made.samples[0].published == datetime(2017, 11, 15, 13, 35, tzinfo=UTC)

    def test_published_is_not_experienced(self, tmp_path: Path) -> None:
        made = make(tmp_path, {"text": TEXTS, "experienced": ["2024-01-01", "2024-01-02"], "published": ["2024-03-05"]})
        assert made.columns.roles["published"] == ("published",)
        assert made.columns.left_out["experienced"] == "another date"

    def test_by_content_where_no_name_says_it(self, tmp_path: Path) -> None:
        made = make(tmp_path, {"text": TEXTS, "when it happened": ["5. März 2024", "6. März 2024"]})
        assert made.samples[1].published == datetime(2024, 3, 6, tzinfo=UTC)

    def test_relative_dates_count_from_the_day_of_the_crawl(self, tmp_path: Path) -> None:
        columns = {"text": TEXTS, "date": ["3 days ago"], "scraped_at": ["2024-03-05T12:00:00Z"]}
        assert make(tmp_path, columns).samples[0].published == datetime(2024, 3, 2, 12, tzinfo=UTC)
        del columns["scraped_at"]
        with pytest.raises(ImportFileError, match=r"none of the first 30 rows.*line 2.*--columns fetched=COLUMN"):
            make(tmp_path, columns)


class TestSourcesLinksAndIds:
    def test_a_column_of_links_is_no_source(self, tmp_path: Path) -> None:
        made = make(tmp_path, {"text": TEXTS, "source": [f"https://reviews.example/shop?page={n}" for n in range(9)]})
        assert made.columns.roles["url"] == ("source",)
        assert "source" not in made.columns.roles
        assert made.source == "reviews"
        with pytest.raises(ImportFileError, match="holds links"):
            make(tmp_path, {"text": TEXTS, "source": ["https://reviews.example/1"]}, columns={"source": "source"})

    def test_a_column_of_names_is(self, tmp_path: Path) -> None:
        columns = {"text": TEXTS, "source": ["trustpilot", "facebook"]}
        assert make(tmp_path, columns).columns.roles["source"] == ("source",)
        told = make(tmp_path, columns, source="everywhere")
        assert "source" not in told.columns.roles
        assert told.source == "everywhere"

    @pytest.mark.parametrize(
        ("values", "reason"),
        [
            (["a", "b", "c"], "value repeats: 3 different values in 30 rows"),
            (["", *(f"r{n}" for n in range(14))], "blank in 2 of 30 rows"),
            ([f"1.2345{n % 10}E+17" for n in range(30)], "spreadsheet"),
        ],
    )
    def test_what_repeats_is_no_id(self, tmp_path: Path, values: list[str], reason: str) -> None:
        made = make(tmp_path, {"id": values, "text": TEXTS})
        assert "id" not in made.columns.roles
        assert reason in made.columns.left_out["id"]
        assert [note for note in made.notes if "told apart" in note and "column id is not used as id: " in note]
        with pytest.raises(ImportFileError, match=r"'id' is no id"):
            make(tmp_path, {"id": values, "text": TEXTS}, columns={"id": "id"})

    def test_ids_are_unique_within_a_source(self, tmp_path: Path) -> None:
        ids = [f"r{number // 2}" for number in range(30)]
        assert make(tmp_path, {"id": ids, "text": TEXTS, "site": ["a1 shop", "b2 shop"]}).columns.roles["id"] == ("id",)

    def test_shifted_rows_do_not_make_an_id_repeat(self, tmp_path: Path) -> None:
        ids, ratings = unique(), ["5", "1"] * 15
        for number in range(25, 30):
            ids[number], ratings[number] = "en-US", "I waited for weeks"
        assert make(tmp_path, {"id": ids, "text": TEXTS, "rating": ratings}).columns.roles["id"] == ("id",)


class TestTheRest:
    def test_short_columns_are_kept_and_personal_ones_are_not(self, tmp_path: Path) -> None:
        columns = {
            "text": TEXTS, "Product name": ["Kettle", "Pan"], "city": ["Ghent", "Bonn"], "Status": ["open", "closed"],
            "channel type": ["web", "app"], "Reviewer name": ["Jo", "Al"], "e-mail": ["jo@x.example", "al@x.example"],
            "Customer country": ["BE", "DE"], "order_id": ["A1", "A2"], "page_index": [0, 1], "shop_id": [4, 5],
            "campaign": ["spring"], "notes": ["very " * 40, "rather " * 40], "empty": [""],
        }  # fmt: skip
        made = make(tmp_path, columns)
        assert made.samples[0].attributes == {
            "product": "Kettle",
            "location": "Ghent",
            "status": "open",
            "channel_type": "web",
        }
        assert made.columns.personal == {"Reviewer name", "e-mail", "Customer country", "order_id"}
        reasons = {
            "page_index": "bookkeeping", "shop_id": "an id of something else", "campaign": "the same in every row",
            "notes": "long texts", "empty": "empty in the sample",
        }  # fmt: skip
        assert {**made.columns.left_out, **reasons} == made.columns.left_out

    def test_eight_attributes_are_enough(self, tmp_path: Path) -> None:
        made = make(tmp_path, {"text": TEXTS, **{f"flag {letter}": ["x", "y"] for letter in "abcdefghij"}})
        assert len(made.samples[0].attributes) == 8
        assert set(made.columns.left_out) == {"flag i", "flag j"}

    def test_machine_made_titles_say_nothing_twice(self, tmp_path: Path) -> None:
        columns = {"title": ["The driver was late…", "Quick, friendly", "It was fine, no more to say"], "text": TEXTS}
        assert [item.title for item in make(tmp_path, columns).samples] == [None, "Quick, friendly", None]

    def test_tags_of_web_pages_go(self, tmp_path: Path) -> None:
        text = '<p>Late<br/>and <b class="x">rude</b></p>I paid < 5 and > 3'
        assert make(tmp_path, {"text": [text]}).samples[0].text == "Late\nand rude\nI paid < 5 and > 3"

    def test_links_that_name_their_author(self, tmp_path: Path) -> None:
        columns = {"text": TEXTS, "url": ["https://x.com/jo_doe/status/1", "https://shop.example/r/2"]}
        first, second, _ = make(tmp_path, columns).samples
        assert (first.author, first.author_in_url, second.author, second.author_in_url) == ("jo_doe", True, None, False)
        named = make(
            tmp_path, {"text": TEXTS, "url": ["https://a.example/jo-doe-1"], "author": ["Jo Doe", "Al"]}
        ).samples
        assert [item.author_in_url for item in named[:2]] == [True, False]

    def test_reply_states(self, tmp_path: Path) -> None:
        replies = make(tmp_path, {"text": TEXTS, "Reply": ["Thank you for this", ""]})
        assert [item.reply_state for item in replies.samples[:2]] == ["answered", "unanswered"]
        states = make(tmp_path, {"text": TEXTS, "STATUS": ["Não respondida", "Respondida", "Resolvido"]})
        assert [item.reply_state for item in states.samples] == ["unanswered", "answered", "unknown"]
        assert make(tmp_path, {"text": TEXTS}).samples[0].reply_state == "unknown"

    @pytest.mark.parametrize(
        ("given", "language"), [("nl-BE", "nl"), ("Deutsch", "de"), ("français", "fr"), ("EN", "en")]
    )
    def test_languages(self, tmp_path: Path, given: str, language: str) -> None:
        assert make(tmp_path, {"text": TEXTS, "language": [given]}).samples[0].language == language

    def test_any_value_can_be_given_another_name(self, tmp_path: Path) -> None:
        columns = {"text": TEXTS, "company": ["nw", "ob"], "status": ["0", "1"]}
        maps = {"brand": {"nw": "Nordwind"}, "status": {"0": "open"}}
        made = make(tmp_path, columns, columns={"brand": "company"}, maps=maps)
        assert [item.attributes["status"] for item in made.samples[:2]] == ["open", "1"]


class TestWhatTheUserSays:
    def test_overrides_win(self, tmp_path: Path) -> None:
        columns = {
            "text": TEXTS,
            "original": [f"{text}!" for text in TEXTS],
            "date": ["2024-03-05"],
            "seen": ["2023-01-01"],
        }
        made = make(tmp_path, columns, columns={"text": "ORIGINAL", "published": "seen", "title": ""})
        assert made.samples[0].text == TEXTS[0] + "!"
        assert made.samples[0].published == datetime(2023, 1, 1, tzinfo=UTC)

    def test_several_columns_make_a_text(self, tmp_path: Path) -> None:
        made = make(tmp_path, {"good": ["Cheap"], "bad": ["Late"]}, columns={"text": "good+bad"})
        assert made.samples[0].text == "Cheap\nLate"

    def test_an_empty_column_leaves_the_role_out(self, tmp_path: Path) -> None:
        columns = {"text": TEXTS, "date": ["soon", "2024-03-05"], "rating": [5, 1]}
        made = make(tmp_path, columns, columns={"published": "", "rating": ""})
        assert made.samples[0].published is None
        assert made.samples[0].rating is None

    @pytest.mark.parametrize(
        ("options", "says"),
        [
            ({"columns": {"text": "revew"}}, r"no column 'revew'; did you mean 'review'\? it has id, review, site"),
            ({"columns": {"texts": "review"}}, r"no 'texts'; did you mean 'text'\? expected text, title"),
            ({"where": {"sight": "a"}}, r"no column 'sight'; did you mean 'site'\?"),
            ({"where": {"site": "nowhere"}}, r"none of 30 rows has site=nowhere"),
            ({"maps": {"ratng": {"1": "positive"}}}, r"no column 'ratng'"),
            ({"brand": "Nordwind", "columns": {"brand": "site"}}, r"say one of them"),
        ],
    )
    def test_what_names_nothing_is_refused(self, tmp_path: Path, options: dict[str, Any], says: str) -> None:
        with pytest.raises(ImportFileError, match=says):
            make(tmp_path, {"id": unique(), "review": TEXTS, "site": ["a1 shop", "b2 shop"]}, **options)

    def test_where_keeps_rows(self, tmp_path: Path) -> None:
        columns = {"text": TEXTS, "flix": ["1", "0"], "bus": ["1.0", "2"]}
        made = make(tmp_path, columns, where={"Flix": "1", "bus": "1"})
        assert [item.text for item in made.samples] == [TEXTS[0], TEXTS[2], TEXTS[1]]

    def test_one_brand_for_many_is_pointed_out(self, tmp_path: Path) -> None:
        made = make(tmp_path, {"text": TEXTS, "brand": ["Nordwind", "Other"]}, brand="Nordwind")
        assert any("column brand holds 2 names" in note and "--columns brand=brand" in note for note in made.notes)


@pytest.mark.parametrize(
    ("name", "normal"),
    [("DESCRIÇÃO", "descricao"), ("reviewText", "review text"), ("review.created_at", "review created at"),
     ("Größe:", "grosse"), ("Review-ID", "review id"), ("", "")],
)  # fmt: skip
def test_names_are_compared_without_case_accents_and_marks(name: str, normal: str) -> None:
    assert normalise(name) == normal


def test_names_of_persons_and_names_of_things() -> None:
    assert all(map(is_author, ["Author", "user.name", "screen_name", "Reviewer Name", "Autor", "gebruiker", "Name"]))
    assert not any(map(is_author, ["product name", "brand", "user rating", "author country"]))
    assert all(map(is_personal, ["E-Mail", "Kundennr. Kunde", "Phone", "author country", "IP address", "order number"]))
    assert not any(map(is_personal, ["product name", "App name", "Nom produit", "location name", "restaurant_name"]))
