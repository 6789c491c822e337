"""`inbox`, `targets`, `surveys` and `import --kind survey`, as they are typed."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from told import Said, Told, count_up, tell

from overheard.cli import overheard
from overheard.errors import OverheardError
from overheard.store.brands import add_brand, find_brand, import_source
from overheard.store.database import Store
from overheard.store.tables import ModelVersion

LATE = Said(text="Where is my | <b>parcel</b>?", sentiment="negative", signals=("help",))
NICE = Said(text="Lovely people.", sentiment="positive", signals=("advocate",))
TODAY = datetime.now(UTC).date()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store with a brand of two complaints and a praise, and one that is called like a command."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OVERHEARD_CONFIG", raising=False)
    assert CliRunner().invoke(overheard, ["init"]).exit_code == 0
    store = Store.open(f"sqlite:///{tmp_path}/overheard.db")
    with store.session() as session:
        version = ModelVersion(name="opinion-7", created_at=datetime.now(UTC))
        session.add(version)
        session.flush()
        for name in ("Nordwind", "note"):
            add_brand(session, name).model_version_id = version.id
        source, brand = import_source(session, "trustpost"), find_brand(session, "Nordwind")
        for said, state in ((LATE, "unanswered"), (LATE, "unknown"), (NICE, "unknown")):
            tell(session, brand, source, Told(sentences=(said,), day=TODAY, reply_state=state))
    count_up(store)
    store.close()
    return tmp_path


def call(*arguments: str) -> Result:
    """Run a command that is to go well."""
    done = CliRunner().invoke(overheard, list(arguments))
    assert done.exit_code == 0, (done.output, done.exception)
    return done


def test_a_complaint_is_followed_from_the_inbox_to_its_end(home: Path) -> None:
    found = json.loads(call("inbox", "Nordwind", "--format", "json").stdout)
    assert [(entry["mention_id"], entry["reply_state"]) for entry in found["entries"]] == [
        (1, "unanswered"), (2, "unknown"),
    ]  # fmt: skip
    assert found["entries"][0]["status"] == "new"
    call("inbox", "note", "1", "2", "called her at ana@x.example", "--by", "Bea")
    call("inbox", "note", "2", "--status", "resolved")
    text = call("inbox", "show", "Nordwind").stdout
    assert "received by Bea: called her at [email]" in text
    assert "mention 2" not in text
    (case,) = json.loads(call("inbox", "notes", "2", "--format", "json").stdout)["cases"]
    assert [note["status"] for note in case["notes"]] == ["received", "resolved"]
    assert "(resolved)" not in call("inbox", "notes", "1", "2").stdout
    assert "resolved" in call("inbox", "notes", "2", "--format", "md").stdout
    assert len(list(csv.DictReader(io.StringIO(call("inbox", "notes", "1", "2", "--format", "csv").stdout)))) == 3


@pytest.mark.parametrize("form", ["table", "json", "csv", "md"])
@pytest.mark.parametrize("praise", [(), ("--praise",)])
def test_an_inbox_is_written_in_every_format(home: Path, form: str, praise: tuple[str, ...]) -> None:
    text = call("inbox", "Nordwind", *praise, "--since", "1d", "--format", form).stdout
    assert ("parcel" in text) == (not praise)
    if form == "md":
        assert "<b>" not in text
    if form == "csv":
        assert len(list(csv.DictReader(io.StringIO(text)))) == (1 if praise else 2)


def test_a_brand_may_be_called_like_a_command(home: Path) -> None:
    assert "Nothing here" in call("inbox", "--", "note").stdout
    assert "Nothing here" in call("inbox", "show", "note").stdout
    assert "thank-you" in call("inbox", "--praise", "Nordwind").stdout
    assert "Commands:" in call("inbox", "--help").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("inbox",), "BRAND"),
        (("inbox", "Nordwnd"), "did you mean 'Nordwind'"),
        (("inbox", "note", "nothing"), "numbers of mentions"),
        (("inbox", "note", "1", "two", "texts"), "at most one text"),
        (("inbox", "note", "text", "1"), "then at most one text"),
        (("inbox", "note", "1"), "--status"),
        (("inbox", "note", "99", "--status", "resolved"), "no mention 99"),
        (("inbox", "note", "0", "x"), "from 1 to"),
        (("inbox", "note", "1", "--status", "done"), "in_progress"),
        (("inbox", "notes", "99"), "no mention 99"),
        (("targets", "set", "Nordwind", "20", "--owner", "Ana"), "0 measures given"),
        (("targets", "set", "Nordwind", "--net", "--stars", "4", "--owner", "Ana"), "2 measures given"),
        (("targets", "set", "Nordwind", "--dimension", "sped", "4", "--owner", "Ana"), "no dimension 'sped'"),
        (("targets", "set", "Nordwind", "--net", "much", "--owner", "Ana"), "expected a number"),
        (("targets", "set", "Nordwind", "--stars", "6", "--owner", "Ana"), "1 to 5 stars"),
        (("targets", "set", "Nordwind", "--reply-time", "soon", "--owner", "Ana"), "6h"),
        (("targets", "set", "Nordwind", "--net", "4"), "--owner"),
        (("targets", "set", "Nordwind", "--reply-rate", "0.8", "--owner", "C"), "write 80% or 0.8%"),
        (("targets", "set", "Nordwind", "--reply-time", "-4h", "--owner", "C"), "interval '−4h'"),
        (("targets", "remove", "Nordwind", "--net"), "it has none"),
        (("import", "a.csv", "--brand", "Nordwind", "--survey", "nps"), "--kind survey"),
    ],
)
def test_one_line_says_what_is_wrong(home: Path, arguments: tuple[str, ...], words: str) -> None:
    done = CliRunner().invoke(overheard, list(arguments))
    assert done.exit_code != 0
    said = str(done.exception) if isinstance(done.exception, OverheardError) else done.output
    assert words in said


def test_targets_are_set_shown_and_carried_along(home: Path) -> None:
    call("targets", "set", "Nordwind", "--touchpoint", "support", "-10", "--owner", "Ana | <b>")
    call("targets", "set", "Nordwind", "--reply-time", "4h", "--owner", "Bea")
    call("targets", "set", "Nordwind", "--reply-rate", "80%", "--owner", "Bea")
    assert "≤ 4 h" in call("targets").stdout
    found = json.loads(call("targets", "show", "Nordwind", "--format", "json").stdout)["targets"]
    assert [(each["measure"], each["name"], each["target"], each["verdict"]) for each in found] == [
        ("touchpoint", "support", -10, "too_few"), ("reply_rate", None, 80, "too_few"),
        ("reply_time", None, 14_400, "too_few"),
    ]  # fmt: skip
    assert "<b>" not in call("targets", "show", "--format", "md").stdout
    assert call("targets", "show", "--format", "csv").stdout.count("\n") == 4
    exported = call("config", "export").stdout
    call("targets", "remove", "Nordwind", "--reply-rate")
    (home / "brands.toml").write_text(exported, encoding="utf-8")
    call("config", "import", "brands.toml")
    assert call("config", "export").stdout == exported


def test_a_survey_comes_in_and_is_shown_beside_what_is_public(home: Path) -> None:
    rows = "\n".join(f"{number},{number % 11},2026-10-01," for number in range(22))
    (home / "autumn.csv").write_text(f"id,NPS,date,comment\n{rows}\n90,12,2026-10-01,Fine.\n", encoding="utf-8")
    done = call("import", "autumn.csv", "--kind", "survey", "--brand", "Nordwind")
    assert "23 rows read: 22 added, 0 updated, 0 unchanged, 1 rejected" in done.stdout
    assert "nps 0 of 10" in done.stderr
    (found,) = json.loads(call("surveys", "Nordwind", "--format", "json").stdout)["surveys"]
    assert (found["responses"], found["comments"], round(found["value"]["value"])) == (22, 0, -45)
    for form, words in (("table", "Net promoter score"), ("csv", "detractors"), ("md", "## Net promoter score")):
        assert words in call("surveys", "Nordwind", "--format", form).stdout
    assert "--kind survey" in call("surveys", "note").stdout
