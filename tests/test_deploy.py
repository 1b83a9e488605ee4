"""What stands in deploy/ fits the program: settings that exist, metrics that are counted, a unit systemd accepts."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from bot.config.settings import PREFIX, TWINS, Settings
from bot.metrics import REGISTRY

DEPLOY = Path(__file__).resolve().parent.parent / "deploy"
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file())


def known_variables() -> set[str]:
    names = {name.upper() for name in Settings.model_fields} | {f"{name.upper()}_FILE" for name in TWINS}
    return {PREFIX + name for name in names}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_setting_named_in_deploy_exists(path: Path) -> None:
    named = set(re.findall(rf"\b{PREFIX}[A-Z_]+", path.read_text("utf-8")))
    assert named <= known_variables()


def metric_names() -> set[str]:
    names: set[str] = set()
    for family in REGISTRY.collect():
        suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(
            family.type, ("",)
        )
        names |= {family.name + suffix for suffix in suffixes}
    return names


@pytest.mark.parametrize("name", ["prometheus-rules.yaml", "grafana-dashboard.json"])
def test_every_metric_named_in_deploy_is_counted(name: str) -> None:
    text = (DEPLOY / name).read_text("utf-8")
    named = set(re.findall(r"\bnewsalert_[a-z_]+", text))
    assert named
    assert named <= metric_names()


@pytest.mark.parametrize("path", sorted(DEPLOY.glob("*.yaml")), ids=lambda path: path.name)
def test_yaml_is_yaml(path: Path) -> None:
    assert all(document for document in yaml.safe_load_all(path.read_text("utf-8")))


def test_the_dashboard_has_panels() -> None:
    dashboard = json.loads((DEPLOY / "grafana-dashboard.json").read_text("utf-8"))
    assert all(panel["targets"] for panel in dashboard["panels"])


def test_the_container_runs_as_nobody_in_particular_on_a_read_only_root() -> None:
    service = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]["newsalert"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert re.search(r"^USER [1-9]\d*:", (DEPLOY / "Dockerfile").read_text("utf-8"), re.MULTILINE)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    unit = (DEPLOY / "newsalert.service").read_text("utf-8")
    here = tmp_path / "newsalert.service"
    here.write_text(unit.replace("/opt/newsalert/bin/newsalert run", "/bin/true"), "utf-8")
    found = subprocess.run(  # noqa: S603 — systemd's own tool on our own file
        ["systemd-analyze", "verify", str(here)],  # noqa: S607
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (found.returncode, found.stderr) == (0, "")
