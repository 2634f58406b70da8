"""The rules of each job's alerts, kept beside its switch, so that whoever looks needs no job file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from hms_syn.domain.job_spec import Alerts, JobSpec, Notifier
from hms_syn.store import maintenance
from hms_syn.store.statements import among, micros

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Row

    from hms_syn.domain.incident import Trouble

RULES = """SELECT job, name, endpoint, topics, alerts, maintenance, enabled, {now} AS now FROM hms_syn_job
  WHERE job {among} OR endpoint {among} ORDER BY job"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a job wants people to be told; ``muted`` while its maintenance is on. ``runbook`` says what to do."""

    job: str
    name: str
    dag_id: str
    alerts: Alerts
    owner: str
    runbook: str
    muted: bool


def written(job: JobSpec) -> Mapping[str, Any]:
    """Return a job's alerts and windows as its row keeps them."""
    alerts = job.alerts
    kept = {
        "when": alerts.when,
        "remind": alerts.remind,
        "notifiers": [[one.type, one.connection_id, dict(one.options)] for one in alerts.notifiers],
        "hears": list(job.source_topics) if job.push else [job.pull.publish_topic] if job.pull else [],
        "owner": job.owner,
        "runbook": job.docs_md,
    }
    ages = job.push is not None and "queue_age" in alerts.when
    silent = alerts.silence is not None and "silence" in alerts.when
    return {
        "alerts": json.dumps(kept, default=dict, sort_keys=True),
        "queue_age": micros(alerts.queue_age) if ages else None,
        "silence": micros(alerts.silence or 0) if silent else None,
        "maintenance": maintenance.written(job.maintenance),
    }


def concerned(connection: Connection, troubles: Sequence[Trouble]) -> dict[tuple[str, str, str], dict[str, Rule]]:
    """Return for each trouble, by what it is about, the rules of the jobs it concerns: one, or all at a vendor."""
    wanted = sorted({trouble.job or trouble.endpoint for trouble in troubles})
    rows = among(connection, RULES, wanted) if wanted else []
    by_word: dict[str, dict[str, Rule]] = {}
    for row in rows:
        if row.enabled:
            for word in (row.job, row.endpoint):
                by_word.setdefault(word, {})[row.job] = _rule(row)
    return {trouble.about: by_word.get(trouble.job or trouble.endpoint, {}) for trouble in troubles}


def _rule(row: Row[Any]) -> Rule:
    alerts, owner, runbook = _read(row.alerts)
    muted = maintenance.over_at(row.maintenance, row.now) is not None
    dag_id = f"syn.{row.job}.{'pull' if row.topics == '[]' else 'push'}"
    return Rule(job=row.job, name=row.name, dag_id=dag_id, alerts=alerts, owner=owner, runbook=runbook, muted=muted)


@lru_cache(maxsize=1024)
def _read(kept: str) -> tuple[Alerts, str, str]:
    facts = json.loads(kept)
    alerts = Alerts(
        when=tuple(facts.get("when", ())),
        remind=facts.get("remind"),
        notifiers=tuple(
            Notifier(type=kind, connection_id=connection, options=options)
            for kind, connection, options in facts.get("notifiers", ())
        ),
    )
    return alerts, facts.get("owner", ""), facts.get("runbook", "")
