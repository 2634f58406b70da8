"""Alerts through Airflow's own notifiers: which class, and what it is given.

A notifier is asked directly: Airflow would render its fields as templates first, and an alert is text and no template.
"""

from __future__ import annotations

import html
import inspect
import re
from importlib import import_module
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseNotifier, conf

from hms_syn.domain.incident import Step
from hms_syn.errors import NeedsOfficer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hms_syn.domain.alert import Alert
    from hms_syn.domain.job_spec import Notifier

CLASSES = {
    "smtp": "airflow.providers.smtp.notifications.smtp.SmtpNotifier",
    "slack": "airflow.providers.slack.notifications.slack.SlackNotifier",
    "pagerduty": "airflow.providers.pagerduty.notifications.pagerduty.PagerdutyNotifier",
    "http": "airflow.providers.http.notifications.http.HttpNotifier",
}
CONNECTIONS = {
    "smtp": "smtp_conn_id",
    "slack": "slack_conn_id",
    "pagerduty": "pagerduty_events_conn_id",
    "http": "http_conn_id",
}
SEVERITY = "error"
_WORD = re.compile(r"\{([a-z_]+)\}")
HTTP_SECONDS = 30


def send(notifier: Notifier, alert: Alert) -> None:
    """Hand an alert to a notifier; return when it has taken it.

    :raises NeedsOfficer: there is no such class, or it takes other options · and whatever the notifier itself raises
    """
    kind = _class_of(notifier)
    given = {**_ARGUMENTS.get(notifier.type, _of_a_class)(alert, notifier.options), **_connection(notifier, kind)}
    try:
        made = kind(**given)
    except TypeError:
        raise NeedsOfficer(
            f"job.alerts.notifiers: {notifier.type} does not take these options; it takes "
            f"{', '.join(name for name in inspect.signature(kind).parameters if name != 'kwargs')}"
        ) from None
    made.notify({"alert": alert})


def link(dag_id: str) -> str:
    """Return the address of a DAG's page; empty where Airflow does not know its own."""
    base = conf.get("api", "base_url", fallback="")
    return f"{base.rstrip('/')}/dags/{dag_id}" if base else ""


def guide(kind: str) -> str:
    """Return the address of what the runbook in the console says of a kind of alert; empty as above."""
    base = conf.get("api", "base_url", fallback="")
    return f"{base.rstrip('/')}/hms-syn/runbook.html#alert-{kind}" if base else ""


def _class_of(notifier: Notifier) -> Any:
    path = CLASSES.get(notifier.type, notifier.type)
    module, _, name = path.rpartition(".")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError):
        hint = f"install apache-airflow-providers-{notifier.type}" if notifier.type in CLASSES else "correct the path"
        raise NeedsOfficer(f"job.alerts.notifiers: there is no {path}; {hint}") from None
    # A job file is no code: what it names is called with options of its own, and os.system takes some too.
    if not (isinstance(found, type) and issubclass(found, BaseNotifier)):
        raise NeedsOfficer(f"job.alerts.notifiers: {path} is not a notifier; name a subclass of Airflow's BaseNotifier")
    return found


def _connection(notifier: Notifier, kind: Any) -> dict[str, str]:
    """Return the connection under the name by which the class takes it."""
    if notifier.connection_id is None:
        return {}
    if notifier.type in CONNECTIONS:
        return {CONNECTIONS[notifier.type]: notifier.connection_id}
    names = [name for name in inspect.signature(kind).parameters if name.endswith("conn_id")]
    if len(names) != 1:
        raise NeedsOfficer(
            f"job.alerts.notifiers: {notifier.type} takes its connection by {' or '.join(names) or 'no name we know'}; "
            "write that under options, and no connection_id"
        )
    return {names[0]: notifier.connection_id}


def _mail(alert: Alert, options: Mapping[str, Any]) -> dict[str, Any]:
    """One incident is one thread in a mailbox, and the same word of it is the same mail."""
    headers = {"Message-ID": f"<{alert.dedupe_id}@hms-syn>", "Auto-Submitted": "auto-generated"}
    if alert.step is not Step.OPENED:
        first = f"<{alert.thread}.1@hms-syn>"
        headers |= {"In-Reply-To": first, "References": first}
    lines = "<br>\n".join(html.escape(line) for line in alert.text.splitlines())
    return {**options, "subject": alert.subject, "html_content": f"<p>{lines}</p>", "custom_headers": headers}


def _slack(alert: Alert, options: Mapping[str, Any]) -> dict[str, Any]:
    return {**options, "text": f"{alert.subject}\n{alert.text}"}


def _pagerduty(alert: Alert, options: Mapping[str, Any]) -> dict[str, Any]:
    """An incident of ours is one of theirs: it is resolved when it is over."""
    return {
        "severity": SEVERITY,
        "source": "hms-syn",
        **options,
        "summary": alert.subject,
        "action": "resolve" if alert.step is Step.CLEARED else "trigger",
        "dedup_key": alert.thread,
        "custom_details": {"text": alert.text, "jobs": list(alert.jobs)},
        "links": [{"href": alert.link, "text": "Airflow"}] if alert.link else None,
    }


def _http(alert: Alert, options: Mapping[str, Any]) -> dict[str, Any]:
    """Redirects are not followed, whatever the options say: what is posted is for one address, within one time."""
    return {
        **options,
        "headers": {**options.get("headers", {}), "Idempotency-Key": alert.dedupe_id},
        "extra_options": {**options.get("extra_options", {}), "timeout": HTTP_SECONDS, "allow_redirects": False},
        "json": facts(alert),
    }


def _of_a_class(alert: Alert, options: Mapping[str, Any]) -> dict[str, Any]:
    """For a class of another's own its options say where the words of an alert go: ``{subject}``, ``{text}``, …."""
    words = {name: str(value) for name, value in facts(alert).items()}
    return {name: _filled(value, words) for name, value in options.items()}


def _filled(value: Any, words: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _filled(item, words) for name, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, words) for item in value]
    return _WORD.sub(lambda found: words.get(found[1], found[0]), value) if isinstance(value, str) else value


def facts(alert: Alert) -> dict[str, Any]:
    """Return an alert as programs read it."""
    return {
        "kind": alert.kind,
        "step": alert.step.value,
        "subject": alert.subject,
        "text": alert.text,
        "jobs": list(alert.jobs),
        "link": alert.link,
        "thread": alert.thread,
        "dedupe_id": alert.dedupe_id,
        "at": alert.at,
    }


_ARGUMENTS: dict[str, Callable[[Alert, Mapping[str, Any]], dict[str, Any]]] = {
    "smtp": _mail,
    "slack": _slack,
    "pagerduty": _pagerduty,
    "http": _http,
}
