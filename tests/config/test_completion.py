"""What an editor program offers is what the files are checked with."""

from __future__ import annotations

import pytest

from bot.config.completion import offers
from bot.config.schema import RuleModel


def test_every_key_of_a_rule_is_offered_under_rules_with_its_meaning() -> None:
    found = offers("conflict.yaml").keys["rules"]
    assert found.keys() == RuleModel.model_fields.keys()
    assert all(found.values())


@pytest.mark.parametrize(
    ("file", "parent", "key"),
    [
        ("conflict.yaml", "", "rules"),
        ("conflict.yaml", "examples", "no_match"),
        ("conflict.yaml", "levels", "critical"),
        ("feeds.yaml", "feeds", "trust"),
        ("routes.yaml", "receivers", "channel"),
        ("routes.yaml", "when", "level"),
    ],
)
def test_keys_stand_under_their_parents(file: str, parent: str, key: str) -> None:
    assert key in offers(file).keys[parent]


@pytest.mark.parametrize(
    ("file", "key", "value"),
    [
        ("conflict.yaml", "direction", "de-escalation"),
        ("conflict.yaml", "where", "title"),
        ("routes.yaml", "kind", "slack"),
        ("routes.yaml", "policy", "at_most_once"),
    ],
)
def test_values_that_are_one_of_a_few_are_offered(file: str, key: str, value: str) -> None:
    assert value in offers(file).values[key]


def test_the_editors_own_lists_are_offered_beside_ours() -> None:
    assert {"country", "harbour"} <= set(offers("conflict.yaml", ("harbour",)).lists)
