"""The schema's history: append-only; all steps a database lacks are made in one transaction."""
