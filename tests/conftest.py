"""Fixtures every test may ask for."""

from tests.pg import postgres_url

__all__ = ["postgres_url"]
