"""What must hold together among a job's alerts and its maintenance windows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hms_syn.domain import incident, maintenance
from hms_syn.job_files.findings import Finding, Path, unknown_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hms_syn.job_files.model import JobSection, NotifierSection

OPTIONS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "smtp": (("to",), ("cc", "bcc", "from_email")),
    "slack": (("channel",), ("username", "icon_url")),
    "pagerduty": ((), ("severity", "source", "component", "group", "class_type")),
    "http": ((), ("endpoint", "method", "headers", "extra_options")),
}
"""The options of each kind of notifier: those it needs, and those it may have."""
HTTP_EXTRA = ("cert", "verify")
"""What of ``extra_options`` is a job's to say; time, redirects, proxies and the check of the answer are not."""


def findings(job: JobSection, typed: Mapping[str, Any]) -> Iterator[Finding]:
    """Every rule that the alerts and windows of a job break; ``typed`` is the job as it was written."""
    here: Path = ("job", "alerts")
    written = _map(typed.get("alerts"))
    alerts = job.alerts
    if "when" in written and alerts.silence is not None and incident.SILENCE not in alerts.when:
        yield Finding(path=(*here, "silence"), text=f"is not told: add '{incident.SILENCE}' to when, or take this out")
    if incident.SILENCE in (written.get("when") or ()) and "silence" not in written:
        yield Finding(path=(*here, "silence"), text="is missing; when has it, so say for how long, such as '24h'")
    for index, notifier in enumerate(alerts.notifiers):
        yield from _notifier((*here, "notifiers", index), notifier, _item(written.get("notifiers"), index))
    for index, window in enumerate(job.maintenance):
        item = _item(typed.get("maintenance"), index)
        at: Path = ("job", "maintenance", index)
        for key in ("from", "to"):
            if item is not None and key not in item:
                yield Finding(path=(*at, key), text="is missing; add it")
        if window.opens and window.closes:
            given = maintenance.Window(opens=window.opens, closes=window.closes)
            wrong = maintenance.misfit(given)
            if wrong is not None:
                yield Finding(path=(*at, "to"), text=wrong)


def _notifier(path: Path, notifier: NotifierSection, typed: Mapping[str, Any] | None) -> Iterator[Finding]:
    if typed is None:
        return
    if "type" not in typed:
        yield Finding(path=(*path, "type"), text="is missing; add it")
    if notifier.type not in OPTIONS:
        return
    needed, allowed = OPTIONS[notifier.type]
    for key in needed:
        if key not in notifier.options:
            yield Finding(path=(*path, "options", key), text="is missing; add it")
    for key in notifier.options:
        if key not in needed and key not in allowed:
            yield Finding(path=(*path, "options", key), text=unknown_key(key, (*needed, *allowed)), at_key=True)
    if notifier.type == "http":
        yield from _http((*path, "options", "extra_options"), _map(notifier.options.get("extra_options")))


def _http(path: Path, extra: Mapping[str, Any]) -> Iterator[Finding]:
    """An alert is for one address, whose certificate is verified; ``verify`` may name the file of an authority."""
    for key, value in extra.items():
        if key not in HTTP_EXTRA:
            yield Finding(path=(*path, key), text=unknown_key(key, HTTP_EXTRA), at_key=True)
        elif key == "verify" and (not value or str(value).lower() in ("false", "no", "off", "0")):
            yield Finding(
                path=(*path, key), text="must not switch TLS verification off; name the file of the vendor's authority"
            )


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _item(value: Any, index: int) -> Mapping[str, Any] | None:
    """Return one map of a list as it was typed; None where it is none, which has been said already."""
    item = value[index] if isinstance(value, list) and index < len(value) else None
    return item if isinstance(item, dict) else None
