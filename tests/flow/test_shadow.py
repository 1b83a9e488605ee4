"""A draft beside the live rules reports what it would have told, and the live line does not notice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.app_desk import load_orders
from bot.config.drafts import mark_of
from bot.core.matching import RuleBook, headline
from bot.core.model import Decision, Entry, Outcome
from bot.errors import InputError, NotPermitted
from bot.ports import PollRecord
from bot.service import Service
from bot.service_ground import at_the_console
from tests.fakes.desk import Desk

ANNA = at_the_console("anna", "editor")
WALTER = at_the_console("walter", "viewer")
RULES = "rules:\n  - {id: storm, title: Storms, strong: [storm], examples: {match: [A storm]}}\n"
EDITED = RULES.replace("[storm]", "[gale]").replace("[A storm]", "[A gale]")
TEXTS = ("Storm at the coast", "A gale is coming", "Quiet day")


class Bench:
    """A service over a folder with one rule, and what a poll decided by it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "nature.yaml").write_text(RULES, "utf-8")
        self.desk = Desk(orders=load_orders(folder))
        self.service: Service = self.desk.service(rules_dir=folder)

    def polled(self, *texts: str, outcome: Outcome = Outcome.ALERT) -> PollRecord:
        return PollRecord(None, [self._decided(headline(text, "en"), outcome) for text in texts])

    def _decided(self, entry: Entry, outcome: Outcome) -> tuple[Entry, Decision]:
        matches = self.desk.orders.rulebook.match(entry)
        return entry, Decision(entry.key, outcome if matches else Outcome.NO_MATCH, (), matches=matches)

    async def seen(self, record: PollRecord) -> None:
        self.service.shadows.offer(record)
        await self.service.shadows.settled()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_it_reports_what_it_would_have_told_beside_what_was_told(bench: Bench) -> None:
    shadows = bench.service.shadows
    await bench.seen(bench.polled("Storm before the trial"))
    await shadows.start(ANNA, "nature.yaml", EDITED)
    record = bench.polled(*TEXTS)
    await bench.seen(record)
    shadow = shadows.running(ANNA, "nature.yaml")
    assert shadow is not None
    assert shadow.found.entries == 3
    assert [each.title for each in shadow.found.gained] == ["A gale is coming"]
    assert [each.title for each in shadow.found.lost] == ["Storm at the coast"]


async def test_the_first_poll_of_a_feed_and_old_news_are_no_part_of_it(bench: Bench) -> None:
    await bench.service.shadows.start(ANNA, "nature.yaml", EDITED)
    await bench.seen(bench.polled("Storm at the coast", outcome=Outcome.BASELINE))
    await bench.seen(bench.polled("Storm at the coast", outcome=Outcome.TOO_OLD))
    shadow = bench.service.shadows.running(ANNA, "nature.yaml")
    assert shadow is not None
    assert shadow.found.entries == 0


async def test_neither_the_live_rules_nor_the_saved_file_nor_a_decision_is_touched(bench: Bench) -> None:
    before, orders = bench.polled(*TEXTS), bench.desk.orders
    await bench.service.shadows.start(ANNA, "nature.yaml", EDITED)
    record = bench.polled(*TEXTS)
    await bench.seen(record)
    assert record == before
    assert bench.desk.orders is orders
    assert (bench.folder / "nature.yaml").read_text("utf-8") == RULES
    assert [path.name for path in bench.folder.glob("*.yaml")] == ["nature.yaml"]


async def test_a_draft_that_fails_on_an_article_fails_alone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.service.shadows.start(ANNA, "nature.yaml", EDITED)
    record = bench.polled(*TEXTS)

    def breaks(_self: RuleBook, _entry: Entry) -> None:
        raise ZeroDivisionError("a mistake of ours")

    monkeypatch.setattr(RuleBook, "match", breaks)
    await bench.seen(record)
    shadow = bench.service.shadows.running(ANNA, "nature.yaml")
    assert shadow is not None
    assert shadow.failed == "a mistake of ours"


async def test_it_goes_on_after_a_restart_with_its_report(bench: Bench) -> None:
    await bench.service.shadows.start(ANNA, "nature.yaml", EDITED)
    await bench.seen(bench.polled(*TEXTS))
    again = bench.desk.service(rules_dir=bench.folder).shadows
    again.offer(bench.polled("Gale after the restart"))
    await again.settled()
    shadow = again.running(ANNA, "nature.yaml")
    assert shadow is not None
    assert (shadow.text, shadow.by, shadow.found.gained_count) == (EDITED, "web:anna", 2)


async def test_dropped_it_is_gone_after_a_restart_too(bench: Bench) -> None:
    await bench.service.shadows.start(ANNA, "nature.yaml", EDITED)
    await bench.service.shadows.drop(ANNA, "nature.yaml")
    for service in (bench.service, bench.desk.service(rules_dir=bench.folder)):
        assert service.shadows.running(ANNA, "nature.yaml") is None
    with pytest.raises(InputError):
        await bench.service.shadows.drop(ANNA, "nature.yaml")


async def test_saving_the_draft_ends_its_trial_and_saving_another_does_not(bench: Bench) -> None:
    service, other = bench.service, RULES.replace("Storms", "Great storms")
    await service.shadows.start(ANNA, "nature.yaml", EDITED)
    await service.rules.save(ANNA, "nature.yaml", other, base=mark_of(RULES))
    assert service.shadows.running(ANNA, "nature.yaml") is not None
    await service.rules.save(ANNA, "nature.yaml", EDITED, base=mark_of(other))
    assert service.shadows.running(ANNA, "nature.yaml") is None


async def test_only_editors_and_only_what_loads_and_differs(bench: Bench) -> None:
    shadows = bench.service.shadows
    with pytest.raises(NotPermitted):
        await shadows.start(WALTER, "nature.yaml", EDITED)
    with pytest.raises(NotPermitted):
        shadows.running(WALTER, "nature.yaml")
    for text in (RULES, "rules: ["):
        with pytest.raises(InputError):
            await shadows.start(ANNA, "nature.yaml", text)
    with pytest.raises(InputError):
        await shadows.start(ANNA, "../nature.yaml", EDITED)


async def test_every_change_leaves_a_line_with_who_and_what(bench: Bench) -> None:
    with capture_logs() as logs:
        await bench.service.shadows.start(ANNA, "nature.yaml", EDITED)
        await bench.service.shadows.drop(ANNA, "nature.yaml")
    found = [(each["event"], each["by"]) for each in logs if each["event"].startswith("rules.shadow")]
    assert found == [("rules.shadow.started", "web:anna"), ("rules.shadow.dropped", "web:anna")]


async def test_many_articles_between_two_looks_leave_out_the_oldest_only(bench: Bench) -> None:
    await bench.service.shadows.start(ANNA, "nature.yaml", EDITED)
    old = [headline(f"Gale {number}", "en") for number in range(5_100)]
    decided = [
        (
            replace(each, published=each.published + timedelta(seconds=at)),
            Decision(each.key, Outcome.NO_MATCH, ()),
        )
        for at, each in enumerate(old)
    ]
    await bench.seen(PollRecord(None, decided))
    shadow = bench.service.shadows.running(ANNA, "nature.yaml")
    assert shadow is not None
    assert shadow.found.entries == 5_000
    assert shadow.found.gained[-1].title == "Gale 5099"
