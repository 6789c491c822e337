"""`overheard alerts`: what is open is listed, taken care of, put off; `refresh` says when it could not be told."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from told import Said, Told, count_up, tell

from overheard.store.alerts import AlertNight, add_alert, find_alert, resolve
from overheard.store.brands import add_brand, add_source, find_brand, import_source
from overheard.store.database import Store
from overheard.store.tables import Crawl, ModelVersion, Opinion

from .test_answers import overheard

DAY = date.today() - timedelta(days=3)  # noqa: DTZ011
NOW = datetime.now(UTC)
WORDS = "Three weeks for one parcel, and nobody says why."


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A store with a spike (1), a stale source (2) and what is over (3)."""
    done = overheard(tmp_path, "init")
    assert done.returncode == 0, done.stderr
    store = Store.open(f"sqlite:///{tmp_path}/overheard.db")
    with store.session() as session:
        version = ModelVersion(name="opinion-7", created_at=NOW)
        session.add(version)
        session.flush()
        brand = add_brand(session, "Nordwind")
        brand.model_version_id = version.id
        said = Said(text=WORDS, sentiment="negative", dimensions={"speed": ("negative", 0.9)}, touchpoint="receive")
        mention = tell(session, brand, import_source(session, "shop"), Told(sentences=(said,), day=DAY))
        session.flush()
        opinion = session.query(Opinion).filter_by(mention_id=mention.id).one()
        place = {"mention_id": mention.id, "field": "text", "start": 0, "end": opinion.end, "score": 0.9}
        facts = {
            "kind": "spike", "measure": "pain", "dimension": "speed", "since": str(DAY), "day": str(DAY), "window": 1,
            "observed": 12.0, "expected": 2.5, "p": 1.25e-6, "q": 4e-5,
        }  # fmt: skip
        more = {**facts, "kind": "drop", "measure": "net", "window": 7, "p": 2e-4}
        driver = {"kind": "touchpoint", "name": "receive", "observed": 9, "expected": 0.5, "share": 0.9}
        cause = {
            "quotes": [{**place, "dimension": "speed", "polarity": "negative"}], "drivers": [driver],
            "themes": ["parcels late"],
        }  # fmt: skip
        add_alert(
            session, brand.id, "spike", "pain:speed", DAY, DAY, NOW, version=version.id, findings=[facts, more],
            cause=cause,
        )  # fmt: skip
        for number, subject in ((2, "source:1"), (3, "source:2")):
            text = f"shop {number} is blocked: a log-in wall"
            add_alert(
                session, brand.id, "stale", subject, DAY, DAY, NOW, version=None, findings=[{}], cause={"text": text}
            )  # fmt: skip
        resolve(find_alert(session, 3), NOW)
        session.add(AlertNight(brand_id=brand.id, model_version_id=version.id, day=DAY))
    count_up(store)
    store.close()
    return tmp_path


def listed(home: Path, *options: str) -> list[tuple[int, str]]:
    done = overheard(home, "alerts", *options, "--format", "json")
    assert done.returncode == 0, done.stderr
    return [(alert["id"], alert["state"]) for alert in json.loads(done.stdout)["alerts"]]


def test_what_is_open_is_listed_with_figures_cause_and_quotes(home: Path) -> None:
    shown = overheard(home, "alerts", "Nordwind").stdout
    for words in (
        "Nordwind  2 open alerts", f"Judged up to {DAY}", "#1 Nordwind: pain in speed up, also net sentiment of speed",
        f"pain in speed: 12 mentions in 1 day to {DAY}, 2.5 expected (p 1e-06, q 4e-05)",
        "touchpoint receive: 9 against", "themes: parcels late", WORDS, "#2 Nordwind: shop 2 is blocked: a log-in wall",
    ):  # fmt: skip
        assert words in " ".join(shown.replace("\n", " ").split()) or words in shown, (words, shown)
    assert listed(home) == [(2, "open"), (1, "open")]
    assert listed(home, "--all") == [(2, "open"), (1, "open"), (3, "resolved")]
    assert listed(home, "--dimension", "speed") == [(1, "open")]


def test_small_chances_keep_their_digits_in_every_format(home: Path) -> None:
    alert = json.loads(overheard(home, "alerts", "list", "--format", "json").stdout)["alerts"][1]
    assert alert["figures"][0]["p"] == 1.25e-06
    rows = list(csv.DictReader(io.StringIO(overheard(home, "alerts", "--format", "csv").stdout)))
    assert [(row["id"], row["measure"], row["p"]) for row in rows] == [
        ("2", "", ""), ("1", "pain", "1.25e-06"), ("1", "net", "0.0002"),
    ]  # fmt: skip
    assert "(p 1e-06, q 4e-05)" in overheard(home, "alerts", "--format", "md").stdout


def test_alerts_are_acknowledged_and_put_off(home: Path) -> None:
    assert overheard(home, "alerts", "ack", "1").returncode == 0
    done = overheard(home, "alerts", "snooze", "2", "--for", "7d")
    assert f"1 snoozed until {(NOW + timedelta(days=7)):%Y-%m-%d}" in done.stderr
    assert listed(home) == []
    assert listed(home, "--all") == [(1, "acked"), (2, "snoozed"), (3, "resolved")]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("ack", "9"), ("no alert 9", "alerts --all")),
        (("ack", "3"), ("alert 3 is over",)),
        (("snooze", "1", "--for", "soon"), ("'soon'", "1d")),
        (("snooze", "1"), ("--for",)),
        (("Nobody",), ("Nobody",)),
        (("--query", "late AND"), ("column 9",)),
        (("--dimension", "nonsense"), ("'nonsense'", "speed")),
        (("--source", "nowhere"), ("'nowhere'", "shop")),
        (("--by", "product"), ("--by product", "alerts BRAND")),
        (("backtest", "Nordwind", "--since", "x"), ("'x'",)),
    ],
)
def test_one_line_names_what_is_wrong(home: Path, arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    done = overheard(home, "alerts", *arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


def test_a_backtest_of_too_little_says_so(home: Path) -> None:
    shown = overheard(home, "alerts", "backtest", "Nordwind").stdout
    assert "Nordwind: too little history, a first verdict needs ten weeks" in " ".join(shown.split())
    for form in ("json", "csv", "md"):
        assert overheard(home, "alerts", "backtest", "--format", form).returncode == 0


def test_json_steers_no_terminal(home: Path) -> None:
    store = Store.open(f"sqlite:///{home}/overheard.db")
    with store.session() as session:
        source = add_source(session, find_brand(session, "Nordwind"), "feed", {"url": "https://a.example"}, name="blog")
        session.add(Crawl(source_id=source.id, started_at=NOW, outcome="blocked", reason="see \u202egpj.exe"))
        spike = find_alert(session, 1)
        spike.cause = {**spike.cause, "themes": ["parcels \u202elate"]}
    store.close()
    for words in (("doctor",), ("alerts",)):
        shown = overheard(home, *words, "--format", "json").stdout
        assert "\u202e" not in shown
        assert "\\u202e" in shown


@pytest.mark.slow
def test_refresh_tells_each_alert_once_and_says_what_it_could_not_tell(home: Path) -> None:
    store = Store.open(f"sqlite:///{home}/overheard.db")
    with store.session() as session:
        source = add_source(session, find_brand(session, "Nordwind"), "feed", {"url": "https://a.example"}, name="blog")
        session.add(Crawl(source_id=source.id, started_at=NOW, outcome="stale", reason="nothing since May"))
    store.close()
    settings = home / "overheard.toml"
    with settings.open("a", encoding="utf-8") as file:
        file.write('\n[alerts]\nchannels = ["stdout", "webhook"]\n')
    done = overheard(home, "refresh")
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1
    assert "alerts by webhook: webhook needs your own url: set OVERHEARD_WEBHOOK_URL" in done.stderr
    assert "#4 Nordwind: blog is stale: nothing since May" in done.stdout
    store = Store.open(f"sqlite:///{home}/overheard.db")
    with store.session() as session:
        brand = find_brand(session, "Nordwind").id
        cause = {"text": "late \u202eparcels"}
        add_alert(session, brand, "spike", "pain:ease", DAY, DAY, NOW, version=None, findings=[{}], cause=cause)
    store.close()
    again = overheard(home, "refresh", "--format", "json")
    assert again.returncode == 3
    assert [alert["text"] for alert in json.loads(again.stdout)["told"]] == ["late \u202eparcels"]
    assert "\u202e" not in again.stdout
    assert json.loads(overheard(home, "refresh", "--format", "json").stdout)["told"] == []
