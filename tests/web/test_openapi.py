"""The API does what it says of itself: whatever is sent, no answer is a server error (schemathesis on the real app)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from prometheus_client import CollectorRegistry

from bot.web.api import put_api
from bot.web.app import Health, create_app
from bot.web.keys import Keys
from tests.fakes.desk import Desk

HEADERS = {"Host": "localhost", "X-Newsalert": "1"}
RULES = (
    "rules:\n  - {id: invasion, title: Invasion, strong: [invasion], examples: {match: [Invasion begins]}}\n"
)


@pytest.fixture
def schema(tmp_path: Path) -> Any:
    (tmp_path / "invasion.yaml").write_text(RULES, "utf-8")
    keys = Keys((), open_here=True, monotonic=lambda: 0.0)
    app = create_app(Health, CollectorRegistry(), keys=keys)
    put_api(app, Desk().service(rules_dir=tmp_path))
    return schemathesis.openapi.from_asgi("/api/openapi.json", app, headers=HEADERS)


def test_nothing_that_is_sent_makes_a_server_error(schema: Any) -> None:
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) > 20
    for operation in operations:

        @settings(max_examples=10, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def holds(case: Any) -> None:
            answer = case.call(headers=HEADERS)
            assert answer.status_code < 500, (case.method, case.path, answer.text[:300])

        holds()
