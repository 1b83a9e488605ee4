"""The console's numbers: how long alerts took, and what the process took, minute by minute."""

from __future__ import annotations

from datetime import timedelta

from bot.metrics import Vitals, polled, vitals
from bot.service_newsroom import Numbers
from bot.service_pulse import KEPT, Pulse
from bot.web.record import LATER, delays_until, numbers_json
from tests.fakes.clock import FakeClock

NOW = FakeClock().now()
MINUTE = timedelta(minutes=1)


def test_every_delay_is_counted_once_in_the_first_time_it_kept() -> None:
    found = delays_until([0.2, 1.0, 1.1, 59, 61, 7200])
    assert {name: count for name, count in found.items() if count} == {
        "1 s": 2, "2 s": 1, "1 min": 1, "5 min": 1, LATER: 1,
    }  # fmt: skip


def test_a_beat_is_what_was_taken_since_the_one_before() -> None:
    seen = iter((Vitals(5.0, 100.0, 10, 1), Vitals(8.0, 120.0, 25, 2), Vitals(8.0, 90.0, 25, 2)))
    pulse = Pulse(lambda: next(seen))
    for number in range(3):
        pulse.beat(NOW + number * MINUTE)
    first, second = pulse.beats
    assert (first.processor, first.megabytes, first.polls, first.failed) == (0.05, 120.0, 15, 1)
    assert (second.processor, second.megabytes, second.polls, second.failed) == (0.0, 90.0, 0, 0)


def test_two_looks_at_once_are_one_and_old_beats_are_forgotten() -> None:
    pulse = Pulse(lambda: Vitals(0.0, 1.0, 0, 0))
    for at in (NOW, NOW, NOW + MINUTE, NOW + KEPT + 3 * MINUTE):
        pulse.beat(at)
    assert [beat.at for beat in pulse.beats] == [NOW + KEPT + 3 * MINUTE]


def test_the_process_knows_its_own_vitals() -> None:
    before = vitals()
    polled("new", 0.1, NOW)
    polled("timeout", 0.1, NOW)
    after = vitals()
    assert (after.polls - before.polls, after.failed - before.failed) == (2, 1)
    assert after.megabytes > 1
    assert after.processor_seconds > 0


def test_alerts_are_counted_by_rule_and_day() -> None:
    by_rule = {"2026-03-01": {"storm": 2, "flood": 1}, "2026-02-28": {"flood": 4}}
    numbers = Numbers(14, {}, by_rule, {}, {}, [], {"storm": 1})
    assert list(numbers.rules.items()) == [("flood", 5), ("storm", 2)]
    found = numbers_json(numbers)
    assert found["by_rule"] == {"flood": 5, "storm": 2}
    assert found["by_rule_a_day"] == by_rule
