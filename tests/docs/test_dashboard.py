"""The dashboard, the alarms and the mapping for Prometheus: they name what is sent, and Prometheus understands them."""

from __future__ import annotations

import json
import re
from itertools import combinations
from pathlib import Path

import pytest
import yaml
from tests.harness.prometheus import promtool

from hms_syn.hooks import metrics

DOCS = Path(__file__).parents[2] / "docs"
DASHBOARD = json.loads((DOCS / "examples" / "grafana" / "hms-syn.json").read_text(encoding="utf-8"))
ALERTS = DOCS / "examples" / "prometheus" / "hms-syn-alerts.yaml"
MAPPING = yaml.safe_load((DOCS / "examples" / "prometheus" / "statsd-mapping.yaml").read_text(encoding="utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
EXPRESSIONS = [target["expr"] for panel in PANELS for target in panel["targets"]]
COUNTERS = {f"airflow_hms_syn_{name}_total" for name in metrics.COUNTERS.values()}
GAUGES = {
    f"airflow_hms_syn_{name.replace('.', '_')}"
    for name in (*metrics.GAUGES.values(), metrics.VENDOR_UP, metrics.SEAL_LAG)
}
FROM_STATSD = "airflow_hms_syn_attempt_seconds"
FROM_OTEL = "airflow_hms_syn_attempt_milliseconds"
SERIES = {
    "queue_oldest_seconds": "0+60x40",
    "queue_dead_letters": "2x19 3x20",
    "queue_depth": "5x5 _x40",
}


def named_in(text):
    return set(re.findall(r"airflow_hms_syn_\w+", text))


def documented():
    """Return the metrics in the table of the page, by the name that Prometheus has for them."""
    rows = re.findall(
        r"^\| `hms_syn\.([\w.]+)` \| (\w+) \|", (DOCS / "metrics.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    ends = {"counter": "_total", "gauge": "", "timer": "_seconds_bucket"}
    return {f"airflow_hms_syn_{name.replace('.', '_')}{ends[kind]}" for name, kind in rows}


def test_the_dashboard_shows_every_documented_metric_and_no_other():
    shown = named_in(" ".join(EXPRESSIONS))
    assert shown - {f"{FROM_OTEL}_bucket"} == documented() == COUNTERS | GAUGES | {f"{FROM_STATSD}_bucket"}


def test_the_alarms_are_about_documented_metrics():
    assert named_in(ALERTS.read_text(encoding="utf-8")) <= documented()


def test_each_panel_has_an_id_a_place_and_the_datasource_of_its_own():
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
    places = [
        {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        for at in (panel["gridPos"] for panel in DASHBOARD["panels"])
    ]
    assert [(one, other) for one, other in combinations(places, 2) if one & other] == []
    assert all(0 <= x < 24 for place in places for x, _ in place)
    for panel in PANELS:
        assert {part["datasource"]["uid"] for part in (panel, *panel["targets"])} == {"${datasource}"}
        refs = [target["refId"] for target in panel["targets"]]
        assert len(refs) == len(set(refs))
        assert panel["title"]
        assert panel["description"]
    variables = {one["name"]: one["type"] for one in DASHBOARD["templating"]["list"]}
    assert variables == {"datasource": "datasource", "syn_job": "query"}
    assert set(re.findall(r"\$\{?(\w+)", json.dumps(DASHBOARD))) == {*variables, "__rate_interval"}


@pytest.mark.parametrize(
    "name", [metrics.ATTEMPT, metrics.VENDOR_UP, *metrics.COUNTERS.values(), *metrics.GAUGES.values()]
)
def test_what_plain_statsd_sends_becomes_what_the_dashboard_asks_for(name):
    """A glob's star stands for one part between dots, and the first rule that fits counts, as in statsd_exporter."""
    sent = f"airflow.{metrics.PREFIX}.{name}.court_calendar_sync"
    for rule in MAPPING["mappings"]:
        found = re.fullmatch(re.escape(rule["match"]).replace(r"\*", r"([^.]+)"), sent)
        if found:
            break
    filled = re.compile(r"\$(\d)")
    made = filled.sub(lambda number: found[int(number[1])], rule["name"])
    labels = {key: filled.sub(lambda number: found[int(number[1])], text) for key, text in rule["labels"].items()}
    assert labels == {"syn_job": "court_calendar_sync"}
    assert made in COUNTERS | GAUGES | {FROM_STATSD}
    kind = {"counter": COUNTERS, "observer": {FROM_STATSD}, None: GAUGES}[rule.get("match_metric_type")]
    assert made in kind


def test_prometheus_reads_every_query_of_the_dashboard(tmp_path):
    plain = [text.replace("$__rate_interval", "5m").replace("$syn_job", ".*") for text in EXPRESSIONS]
    rules = [{"record": f"panel:{number}", "expr": text} for number, text in enumerate(plain)]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": rules}]}))
    done = promtool("check", "rules", "rules.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert f"SUCCESS: {len(rules)} rules found" in done.stdout


def test_each_alarm_rings_when_it_should_and_not_before(tmp_path):
    """The oldest message ages by a minute a minute; a dead letter comes after twenty; the figures stop after six."""

    def asked(minute, alert, *rings, **labels):
        return {
            "eval_time": f"{minute}m",
            "alertname": alert,
            "exp_alerts": [{"exp_labels": {"severity": severity, **labels}} for severity in rings],
        }

    court = {"syn_job": "court"}
    case = {
        "interval": "1m",
        "input_series": [
            {"series": f'airflow_hms_syn_{name}{{syn_job="court"}}', "values": values}
            for name, values in SERIES.items()
        ],
        "alert_rule_test": [
            asked(15, "HmsSynQueueTooOld"),
            asked(18, "HmsSynQueueTooOld", "page", **court),
            asked(19, "HmsSynDeadLetters"),
            asked(21, "HmsSynDeadLetters", "ticket", **court),
            asked(40, "HmsSynDeadLetters"),
            asked(5, "HmsSynSaysNothing"),
            asked(20, "HmsSynSaysNothing", "page"),
        ],
    }
    rules = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))
    for rule in rules["groups"][0]["rules"]:
        assert rule.pop("annotations")["description"].startswith("hms-syn ")
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rules))
    wanted = {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": [case]}
    (tmp_path / "tests.yaml").write_text(yaml.safe_dump(wanted))
    done = promtool("test", "rules", "tests.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    checked = promtool("check", "rules", str(ALERTS), cwd=tmp_path)
    assert "SUCCESS: 3 rules found" in checked.stdout, checked.stdout
