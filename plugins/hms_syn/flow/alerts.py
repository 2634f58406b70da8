"""Alerts: look at what is wrong, and tell people once at its beginning, now and then while it lasts, once at its end.

Looking and telling stand beside the hand-offs, never in their way: an alert that cannot be sent is tried again later,
and no message waits for it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import random
from typing import TYPE_CHECKING

from hms_syn.domain import backoff
from hms_syn.domain.alert import OVER, WRONG, Alert, Scene, alert
from hms_syn.domain.job_spec import Retry

if TYPE_CHECKING:
    from collections.abc import Callable

    from hms_syn.domain.incident import Incident
    from hms_syn.domain.job_spec import Notifier
    from hms_syn.store.incidents import Telling
    from hms_syn.store.watch import Watch

    Places = tuple[Callable[[str], str], Callable[[str], str]]

log = logging.getLogger(__name__)
SENDING = 300.0
"""Seconds in which whoever tells must have ended, or be gone: after them another tells."""
AGAIN = Retry(initial_delay=15.0, multiplier=2.0, max_delay=900.0, jitter=0.2)
"""How an alert that could not be sent is tried again; for ever."""


def look(watch: Watch) -> bool:
    """Note what has begun and what is over; return whether somebody is to be told now.

    What nobody is to be told of, as its jobs have no notifiers, is a line in the log.
    """
    watch.note_maintenance()
    begun, over = watch.renew()
    for incident in begun:
        log.warning("%s: %s", _who(incident), WRONG[incident.trouble.kind])
    for incident in over:
        log.info("%s: %s", _who(incident), OVER[incident.trouble.kind])
    due = [telling for telling in watch.to_tell() if telling.due]
    for telling in due:
        if not notifiers_of(telling) and watch.take(telling, wait=SENDING):
            watch.told(telling)
    return any(notifiers_of(telling) for telling in due)


def tell(
    watch: Watch,
    send: Callable[[Notifier, Alert], None],
    *,
    link: Callable[[str], str],
    guide: Callable[[str], str] = lambda _kind: "",
) -> int:
    """Tell whoever is to be told now; return how many could not be.

    ``send`` hands an alert to one notifier and raises when it was not taken; ``link`` is where a DAG's page is,
    ``guide`` where the runbook speaks of a kind of alert. Whoever
    has taken an alert is not told the same again because another has not.
    """
    failed = 0
    for telling in watch.to_tell():
        if telling.due and watch.take(telling, wait=SENDING):
            failed += not _told(watch, telling, send, (link, guide))
    return failed


def notifiers_of(telling: Telling) -> dict[str, Notifier]:
    """Return the notifiers of the jobs that something is told for, each once, by a name that tells them apart."""
    return {_name(notifier): notifier for rule in telling.rules for notifier in rule.alerts.notifiers}


def _told(watch: Watch, telling: Telling, send: Callable[[Notifier, Alert], None], places: Places) -> bool:
    """Tell one thing to all who are to hear it and have not; return whether all have heard."""
    said, heard, missing = _alert(watch, telling, places), list(telling.incident.heard), 0
    for name, notifier in notifiers_of(telling).items():
        if name in heard:
            continue
        try:
            send(notifier, said)
        except Exception as error:  # noqa: BLE001 - a notifier of anybody's; its text may hold anything, so only its class is named
            missing += 1
            log.error("%s could not be told (%s): %s", notifier.type, type(error).__name__, said.subject)  # noqa: TRY400 - as above
            continue
        heard.append(name)
        watch.heard(telling, heard)
        log.info("Told %s: %s", notifier.type, said.subject)
    if missing:
        watch.put_off(telling, wait=backoff.wait(AGAIN, telling.incident.tries + 1, draw=random.random()))  # noqa: S311 - spreads tries, guards nothing
        return False
    watch.told(telling)
    return True


def _alert(watch: Watch, telling: Telling, places: Places) -> Alert:
    facts = watch.facts(telling)
    link, guide = places
    rules = telling.rules
    scene = Scene(
        now=facts.now,
        waiting=facts.waiting,
        set_aside=facts.set_aside,
        most=facts.most,
        code=facts.code,
        note=facts.note,
        link=link(rules[0].dag_id),
        guide=guide(telling.incident.trouble.kind),
        names=tuple((rule.job, rule.name) for rule in rules),
        runbooks=tuple(dict.fromkeys(rule.runbook for rule in rules if rule.runbook)),
        owners=tuple(dict.fromkeys(rule.owner for rule in rules)),
    )
    return alert(telling.incident, telling.step, scene)


def _name(notifier: Notifier) -> str:
    """Return a name that is the same while the notifier is, also after an edit of its file."""
    options = json.dumps(dict(notifier.options), sort_keys=True)
    digest = hashlib.sha256(options.encode()).hexdigest()[:12]
    return f"{notifier.type}:{notifier.connection_id or ''}:{digest}"


def _who(incident: Incident) -> str:
    return incident.trouble.job or incident.trouble.endpoint
