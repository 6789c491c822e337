"""Ratings and dates in the spellings that exports and pages hold."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overheard.intake.values import Rating, class_rating, is_relative, parse_date, parse_rating

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MOMENTS = [datetime.fromisoformat(day) for day in ("1991-01-01", "2099-12-31")]


class TestRatings:
    @pytest.mark.parametrize(
        ("given_", "value", "scale"),
        [
            ("4 of 5", 0.75, 5), ("4/5", 0.75, 5), ("8,5/10", 0.85, 10), ("17/20", 0.85, 20), ("80 %", 0.8, 100),
            ("★★★★☆", 0.75, 5), ("★★★", 0.5, 5), ("⭐️⭐️", 0.25, 5), ("★★★½", 0.625, 5), ("☆☆☆☆☆", 0.0, 5),
            ("★★★★★★★★☆☆", 0.8, 10), ("4.5★", 0.875, 5), ("4.0 out of 5 stars", 0.75, 5),
            ("Rated 2 out of 5", 0.25, 5), ("4,0 von 5 Sternen", 0.75, 5), ("5 Sterne", 1.0, 5),
            ("4 sterren", 0.75, 5), ("4 van de 5", 0.75, 5), ("4,0 sur 5 étoiles", 0.75, 5), ("1 étoile", 0.0, 5),
            ("4 su 5 stelle", 0.75, 5), ("3 de 5 estrelas", 0.5, 5), ("3 de 5 estrellas", 0.5, 5), ("3 din 5", 0.5, 5),
            ("FIVE", 1.0, 5), ("one star", 0.0, 5), ("0/5", 0.0, 5), ("3/4", 2 / 3, 4), ("7/10 points", 0.7, 10),
        ],
    )  # fmt: skip
    def test_a_rating_that_names_its_scale_keeps_it(self, given_: str, value: float, scale: float) -> None:
        assert parse_rating(given_) == Rating(pytest.approx(value), given_, scale)

    @pytest.mark.parametrize(
        ("given_", "scale", "value"),
        [(4, 5, 0.75), ("4,5", 5, 0.875), (1, 5, 0.0), (0.5, 5, 0.0), (9, 10, 0.9), (0, 10, 0.0), ("85", 100, 0.85),
         ("0.8", 1, 0.8), ("Rating: 4", 5, 0.75), ("3/4", 5, 2 / 3)],
    )  # fmt: skip
    def test_a_bare_number_takes_the_scale_that_it_is_given(
        self, given_: str | float, scale: float, value: float
    ) -> None:
        found = parse_rating(given_, scale)
        assert found is not None
        assert found.value == pytest.approx(value)
        assert found.given == str(given_)

    @pytest.mark.parametrize(
        ("given_", "scale"),
        [("4", None), ("7", 5), ("0", 5), ("7/5", None), ("4/12", None), ("-1", 5), ("nan", 5), (float("inf"), 5),
         (True, 5), ("", 5), ("great", 5), ("4 of 5 people found this useful", 5), ("1e1", 10), ("x" * 500, 5)],
    )  # fmt: skip
    def test_what_is_no_rating_gives_none(self, given_: str | float, scale: float | None) -> None:
        assert parse_rating(given_, scale) is None

    def test_classes_have_a_value_and_no_scale(self) -> None:
        assert class_rating("Positive", "1") == Rating(1.0, "1", None)
        assert class_rating("neutral", "0") == Rating(0.5, "0", None)
        assert class_rating("good", "1") is None

    @settings(deadline=None)
    @given(st.one_of(st.text(max_size=30), st.floats(), st.integers()), st.sampled_from([None, 1, 5, 10, 20, 100]))
    def test_any_input_gives_none_or_a_value_between_0_and_1(self, given_: str | float, scale: float | None) -> None:
        found = parse_rating(given_, scale)
        assert found is None or 0.0 <= found.value <= 1.0

    @settings(deadline=None)
    @given(st.integers(1, 5), st.sampled_from(["{}/5", "{} of 5", "{} stars", "{},0 von 5 Sternen", "{} / 5"]))
    def test_spellings_of_the_same_stars_agree(self, stars: int, spelling: str) -> None:
        found = parse_rating(spelling.format(stars))
        assert found is not None
        assert found.value == (stars - 1) / 4


class TestDates:
    @pytest.mark.parametrize(
        ("text", "year_to_minute"),
        [
            ("2024-03-05", (2024, 3, 5)), ("2024-03-05T10:11:12.000Z", (2024, 3, 5, 10, 11, 12)),
            ("2024-03-05 10:11:12 UTC", (2024, 3, 5, 10, 11, 12)),
            ("2024-03-05 10:11:12 +0100", (2024, 3, 5, 9, 11, 12)),
            ("2024-03-05T10:11:12.1234567-05:00", (2024, 3, 5, 15, 11, 12, 123456)), ("2024-3-5", (2024, 3, 5)),
            ("2024/03/05 10:11", (2024, 3, 5, 10, 11)), ("20240305", (2024, 3, 5)), ("2024-03", (2024, 3, 1)),
            ("15.11.2017", (2017, 11, 15)), ("15.11.2017 13:35:00", (2017, 11, 15, 13, 35)),
            ("5. 3. 24", (2024, 3, 5)), ("05.03.2024, 10:11 Uhr", (2024, 3, 5, 10, 11)),
            ("25/12/2023", (2023, 12, 25)), ("3-4-24", (2024, 4, 3)), ("3/4/2024 10:11 PM", (2024, 4, 3, 22, 11)),
            ("1514764800", (2018, 1, 1)), ("1514764800.5", (2018, 1, 1, 0, 0, 0, 500000)),
            ("1514764800000", (2018, 1, 1)), ("45352", (2024, 3, 1)), ("45352.5", (2024, 3, 1, 12)),
            ("Tue, 05 Mar 2024 10:11:12 GMT", (2024, 3, 5, 10, 11, 12)),
            ("Wed Mar 06 10:11:12 +0000 2024", (2024, 3, 6, 10, 11, 12)),
            ("Tue Mar 05 2024 10:11:12 GMT+0100 (CET)", (2024, 3, 5, 9, 11, 12)), ("March 5, 2024", (2024, 3, 5)),
            ("5th of March 2024", (2024, 3, 5)), ("Mar 5, 2024 at 10:11 PM", (2024, 3, 5, 22, 11)),
            ("05-Mar-2024", (2024, 3, 5)), ("5. März 2024 um 10:11 Uhr", (2024, 3, 5, 10, 11)),
            ("03. Dez. 2023", (2023, 12, 3)), ("5 maart 2024", (2024, 3, 5)), ("12 mei 2024", (2024, 5, 12)),
            ("5 martie 2024", (2024, 3, 5)), ("15 ian. 2024", (2024, 1, 15)), ("5 marzo 2024", (2024, 3, 5)),
            ("lunedì 4 marzo 2024", (2024, 3, 4)), ("5 mars 2024 à 10h11", (2024, 3, 5, 10, 11)),
            ("1er août 2024", (2024, 8, 1)), ("5 de marzo de 2024", (2024, 3, 5)),
            ("5 de março de 2024 às 10:11", (2024, 3, 5, 10, 11)),
            ("Reviewed in the United States on March 5, 2024", (2024, 3, 5)),
            ("Rezension aus Deutschland vom 5. März 2024", (2024, 3, 5)),
            ("Date of experience: March 5, 2024", (2024, 3, 5)), ("  15.11.2017\u00a0 ", (2017, 11, 15)),
            ("2023", (2023, 1, 1)),
        ],
    )  # fmt: skip
    def test_usual_spellings(self, text: str, year_to_minute: tuple[int, ...]) -> None:
        assert parse_date(text) == datetime(*year_to_minute, tzinfo=UTC)  # type: ignore[misc, arg-type]

    @pytest.mark.parametrize(
        "text",
        ["", "hello", "may", "12", "1,5", "2024-02-30", "31.02.2024", "0001-01-01T00:00:00", "99999", "123456789012345",
         "10:11", "5/3", "vor 3 Tagen", "yesterday", "5 March", "Great service on the 5th of March 2024, " * 9],
    )  # fmt: skip
    def test_what_is_no_date_gives_none(self, text: str) -> None:
        assert parse_date(text) is None

    def test_day_first_decides_what_can_be_read_both_ways(self) -> None:
        assert parse_date("03/04/2024", day_first=True) == datetime(2024, 4, 3, tzinfo=UTC)
        assert parse_date("03/04/2024", day_first=False) == datetime(2024, 3, 4, tzinfo=UTC)
        assert parse_date("03/04/2024", languages=["en"]) == datetime(2024, 3, 4, tzinfo=UTC)
        assert parse_date("03/04/2024", languages=["de", "en"]) == datetime(2024, 4, 3, tzinfo=UTC)
        assert parse_date("03/25/2024", day_first=True) is None
        assert parse_date("03.04.2024", day_first=False) == datetime(2024, 4, 3, tzinfo=UTC)

    def test_other_languages_are_read_when_named(self) -> None:
        assert parse_date("5 Μαρτίου 2024") is None
        assert parse_date("5 Μαρτίου 2024", languages=["el"]) == datetime(2024, 3, 5, tzinfo=UTC)
        assert parse_date("5 March 2024", languages=["no-such", "xx"]) == datetime(2024, 3, 5, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("text", "days"),
        [
            ("yesterday", 1), ("3 days ago", 3), ("vor 3 Tagen", 3), ("vor zwei Wochen", 14), ("gisteren", 1),
            ("twee weken geleden", 14), ("acum 5 zile", 5), ("acum două săptămâni", 14), ("ieri", 1),
            ("due settimane fa", 14), ("il y a 2 jours", 2), ("il y a deux semaines", 14), ("hace dos semanas", 14),
            ("há 2 dias", 2), ("há duas semanas", 14), ("ontem", 1), ("Edited 2 weeks ago", 14), ("2d", 2),
            ("il y a un an", 365), ("acum un an", 365), ("a year ago", 365), ("un mese fa", 31),
            ("vor einem Monat", 31), ("21 October", 31),
        ],
    )  # fmt: skip
    def test_relative_dates_count_from_their_base(self, text: str, days: int) -> None:
        found = parse_date(text, base=NOW)
        assert found is not None
        assert found.date() == (NOW - timedelta(days=days)).date()
        assert is_relative(text)

    def test_a_page_of_text_is_no_date_and_takes_no_time(self) -> None:
        started = time.process_time()
        assert parse_date("Reviewed by " + '"' * 200_000 + " on 21 November 2025", base=NOW) is None
        assert time.process_time() - started < 1

    @settings(deadline=None)
    @given(st.datetimes(MOMENTS[0], MOMENTS[1], timezones=st.just(UTC)))
    def test_iso_comes_back_as_it_was_written(self, moment: datetime) -> None:
        assert parse_date(moment.isoformat()) == moment
        assert parse_date(f"{moment:%d.%m.%Y %H:%M:%S}") == moment.replace(microsecond=0)

    @settings(deadline=None)
    @given(st.one_of(st.text(max_size=40), st.from_regex(r"\d{1,5}[./: -]\d{1,3}[./: -]\d{1,5}", fullmatch=True)))
    def test_any_text_gives_none_or_an_aware_date_in_utc(self, text: str) -> None:
        found = parse_date(text)
        assert found is None or found.utcoffset() == timedelta(0)

    def test_usual_formats_are_read_fast(self) -> None:
        spellings = [
            "2024-03-05T10:11:12.000Z",
            "15.11.2017 13:35:00",
            "5. März 2024",
            "Wed Mar 06 10:11:12 +0000 2024",
        ]
        started = time.process_time()
        for number in range(10_000):
            assert parse_date(spellings[number % 4])
            assert parse_rating("4.0 out of 5 stars")
        assert 10_000 / (time.process_time() - started) > 5_000
