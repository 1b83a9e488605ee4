"""Nouns survive the way into a column and back, and outlive the versions that wrote them."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta
from typing import Any

import pytest

import bot.core.model as model
import bot.store.codec as codec
from bot.core.model import (
    Alert,
    Decision,
    Entry,
    Evidence,
    Feedback,
    FeedState,
    FeedStatus,
    Level,
    Message,
    Receipt,
    Receiver,
    Silence,
    StoryRecord,
    Subscription,
)
from tests.fakes.alerts import AT, alert, evidence, message, raised
from tests.store.samples import decided, entry, state, story

WHOLE: list[Any] = [
    entry(title='quote " back\\slash \u2028 \U0001f468\u200d\U0001f469 нуль', body="a\n\nb"),
    decided(story="st-1", told=alert(), told_too=raised()),
    story(),
    state(interval=timedelta(seconds=90, microseconds=7), next_poll=AT, status=FeedStatus.GONE),
    alert(also=(("drills", 31),)),
    message(alert(), raised(), repeat=True),
    Receipt("C1", "17.5", AT),
    Receiver("desk", "slack", "C1", {"thread": "9"}),
    Subscription(
        "telegram", "7/45", ("conflict@critical",), Level.HIGH, watches=("reactor near sumy",), created=AT
    ),
    Silence("s1", {"story": "st-1"}, AT, "ada", "noise"),
    Feedback("f1", "rule", "st-1", "Title", "en", "https://x.example", 60, (evidence(),), "ada", AT),
]
NOUNS = (
    Entry,
    Decision,
    StoryRecord,
    FeedState,
    Alert,
    Message,
    Receipt,
    Receiver,
    Subscription,
    Silence,
    Feedback,
)


@pytest.mark.parametrize("noun", WHOLE, ids=lambda noun: type(noun).__name__)
def test_a_noun_comes_back_as_it_was(noun: Any) -> None:
    assert codec.load(type(noun), codec.dump(noun)) == noun


def test_every_stored_noun_is_tried() -> None:
    assert {type(noun) for noun in WHOLE} == set(NOUNS)


def test_parts_of_a_message_come_back_in_order() -> None:
    parts = (Receipt("C1", "1", AT), Receipt("C1", "2", AT))
    assert codec.load(tuple[Receipt, ...], codec.dump(parts, tuple[Receipt, ...])) == parts


@pytest.mark.parametrize("noun", WHOLE, ids=lambda noun: type(noun).__name__)
def test_what_an_older_version_did_not_know_takes_its_default(noun: Any) -> None:
    kept = {field.name for field in dataclasses.fields(noun) if _required(field)}
    stored = json.loads(codec.dump(noun))
    old = codec.load(type(noun), json.dumps({name: stored[name] for name in kept}))
    assert all(getattr(old, name) == getattr(noun, name) for name in kept)


@pytest.mark.parametrize("noun", WHOLE, ids=lambda noun: type(noun).__name__)
def test_what_a_newer_version_wrote_beside_is_passed_over(noun: Any) -> None:
    stored = {**json.loads(codec.dump(noun)), "from_tomorrow": [1, {"a": None}]}
    assert codec.load(type(noun), json.dumps(stored)) == noun


def test_evidence_inside_may_lack_fields_too() -> None:
    stored = json.loads(codec.dump(decided(story="st-1")))
    for line in stored["matches"][0]["terms"]:
        del line["cue"], line["said_by"]
    found = codec.load(Decision, json.dumps(stored)).matches[0].terms[0]
    assert found == evidence()
    assert isinstance(found, Evidence)


def test_a_text_that_is_no_noun_is_refused() -> None:
    with pytest.raises(ValueError, match="feed"):
        codec.load(FeedState, "{}")


def test_times_keep_their_microseconds_and_their_zone() -> None:
    late = AT + timedelta(microseconds=1)
    back = codec.load(Receipt, codec.dump(Receipt("C1", "1", late)))
    assert back.sent == late
    assert back.sent.utcoffset() == timedelta()


def _required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def test_samples_are_of_the_model() -> None:
    assert all(type(noun).__module__ == model.__name__ for noun in WHOLE)
