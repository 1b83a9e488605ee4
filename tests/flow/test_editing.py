"""What editors do beside typing: begin a file on a new topic, and judge what readers called wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.app_desk import load_orders
from bot.config.drafts import mark_of
from bot.core.model import Feedback
from bot.errors import InputError, NotPermitted
from bot.service import Service
from bot.service_ground import at_the_console
from tests.fakes.clock import FakeClock
from tests.fakes.desk import Desk

ANNA = at_the_console("anna", "editor")
WALTER = at_the_console("walter", "viewer")
RULES = "rules:\n  - id: storm\n    title: Storms\n    strong: [storm]\n    examples: {match: [A storm]}\n"
SAID = Feedback("f1", "storm", "st-1", "A storm of applause", "en", "", 60, (), "ada", FakeClock().now())


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "nature.yaml").write_text(RULES, "utf-8")
    desk = Desk(orders=load_orders(tmp_path))
    for feedback in (SAID, replace(SAID, id="f2", by="ben"), replace(SAID, id="f3", title="Brainstorm")):
        desk.wishes.wrong[feedback.id] = feedback
    return desk


@pytest.fixture
def service(desk: Desk, tmp_path: Path) -> Service:
    return desk.service(rules_dir=tmp_path)


@pytest.mark.parametrize(
    ("topic", "name"),
    [("Volcano", "volcano.yaml"), ("ash clouds!", "ash-clouds.yaml"), ("../../etc/x.yaml", "etc-x.yaml")],
)
async def test_a_new_file_begins_with_a_rule_that_loads_and_passes(
    service: Service, topic: str, name: str
) -> None:
    found, text = await service.rules.fresh(ANNA, topic)
    assert found == name
    checked = await service.rules.check(ANNA, found, text)
    assert (checked.loads, checked.examples, checked.failing) == (True, 2, ())
    assert await service.rules.save(ANNA, found, text, base=mark_of("")) == ()


async def test_a_rule_of_that_name_elsewhere_is_no_obstacle_and_a_file_is(service: Service) -> None:
    name, text = await service.rules.fresh(ANNA, "storm")
    assert "id: storm-2" in text
    assert (await service.rules.check(ANNA, name, text)).loads
    for topic in ("nature", "Nature.yaml", "…"):
        with pytest.raises(InputError):
            await service.rules.fresh(ANNA, topic)
    with pytest.raises(NotPermitted):
        await service.rules.fresh(WALTER, "volcano")


async def test_what_was_called_wrong_is_proposed_once_and_goes_when_it_is_dropped(
    service: Service, desk: Desk
) -> None:
    first, second = await service.rules.proposals(ANNA, "nature.yaml")
    assert {first.title, second.title} == {"A storm of applause", "Brainstorm"}
    await service.rules.drop_proposal(ANNA, SAID)
    assert [each.title for each in await service.rules.proposals(ANNA, "nature.yaml")] == ["Brainstorm"]
    assert [*desk.wishes.wrong] == ["f3"]
    with pytest.raises(InputError):
        await service.rules.drop_proposal(ANNA, SAID)
    with pytest.raises(NotPermitted):
        await service.rules.drop_proposal(WALTER, SAID)


async def test_what_has_become_an_example_is_proposed_no_more(
    service: Service, desk: Desk, tmp_path: Path
) -> None:
    in_braces = "rules:\n  - {id: storm, title: Storms, strong: [storm], examples: {match: [A storm]}}\n"
    with pytest.raises(InputError, match="several lines"):
        await service.rules.with_example(ANNA, in_braces, SAID)
    plain = RULES.replace("{match: [A storm]}", "\n      match: [A storm]")
    text = await service.rules.with_example(ANNA, plain, SAID)
    assert "A storm of applause" in text
    (tmp_path / "nature.yaml").write_text(text, "utf-8")
    desk.orders = load_orders(tmp_path)
    assert [each.title for each in await service.rules.proposals(ANNA, "nature.yaml")] == ["Brainstorm"]
