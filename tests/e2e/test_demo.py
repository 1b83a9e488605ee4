"""``newsalert demo`` in a process of its own: the real bot, a real server, a real file."""

from __future__ import annotations

from tests.e2e.test_cli import jsonl, newsalert


def test_the_sample_day_rings_exactly_as_it_deserves() -> None:
    done = newsalert("demo", "--json")
    told = [(record["alerts"][0]["rule"], record["alerts"][0]["change"]) for record in jsonl(done.stdout)]
    assert done.returncode == 0, done.stdout + done.stderr
    assert told == [
        ("troop-withdrawal", "new"),
        ("troop-withdrawal", "corroborated"),
        ("troop-withdrawal", "source joined"),
        ("cyber-attack", "new"),
    ]


def test_the_closing_summary_shows_bursts_and_where_the_time_went() -> None:
    done = newsalert("demo")
    closing = done.stdout.partition("The day in numbers")[2]
    assert done.returncode == 0, done.stdout + done.stderr
    ledger, _, bursts = closing.partition("In burst")
    assert "stage by stage" in ledger
    assert "lantern" in ledger
    assert "cyber-attack" in bursts
    assert "Exactly what the day deserves" in bursts
