"""The judge itself: a sound history passes, and every planted violation is found under its own name."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import datetime, timezone

import pytest
from tests.harness import pulls
from tests.harness.history import Arrival, History, Published, violations
from tests.harness.pace import Backoff, Visit

from hms_syn.domain import audit_entry
from hms_syn.domain.audit_entry import AuditEntry

AT = "2024-09-02T09:00:00.000000Z"


def trail(*lines):
    """Audit rows of (message, event, attempt) in this order, each chained onto its message's previous one."""
    tips, rows = {}, []
    for message_id, event, attempt, *code in lines:
        job = None if event == "published" else "court"
        detail = {"code": code[0]} if code else {}
        entry = AuditEntry(
            at=AT, actor="w", event=event, message_id=message_id, job=job, attempt=attempt, detail=detail
        )
        [row] = audit_entry.chain([entry], tips.get(message_id))
        tips[message_id] = row.hash
        rows.append(
            {
                "seq": len(rows) + 1,
                "at": AT,
                "actor": "w",
                "event": event,
                "message_id": message_id,
                "job": job,
                "attempt": attempt,
                "hash": row.hash,
                "body": row.body,
            }
        )
    return rows


LINES = (
    ("m1", "published", None),
    ("m1", "queued", None),
    ("m2", "published", None),
    ("m2", "queued", None),
    ("m1", "attempt", 1),
    ("m1", "unknown", 1),
    ("m1", "attempt", 2),
    ("m1", "acked", 2),
    ("m1", "delivered", 2),
    ("m2", "attempt", 1),
    ("m2", "acked", 1),
    ("m2", "delivered", 1),
)


def sound(lines=LINES, **changes):
    """Two messages in one lane, the first of which arrived twice because its first answer got lost."""
    history = History(
        job="court",
        published=[Published(message_id="m1", fact="A"), Published(message_id="m2", fact="B")],
        arrivals=[
            Arrival(key="k1", fact="A", accepted=True),
            Arrival(key="k1", fact="A", accepted=True),
            Arrival(key="k2", fact="B", accepted=True),
        ],
        deliveries=[
            {"message_id": "m1", "state": "delivered", "idempotency_key": "k1"},
            {"message_id": "m2", "state": "delivered", "idempotency_key": "k2"},
        ],
        attempts=[
            attempted("m1", 1, "unknown", 0.0, 1.0),
            attempted("m1", 2, "acked", 1.2, 1.4),
            attempted("m2", 1, "acked", 1.4, 1.5),
        ],
        audit=trail(*lines),
        faults=1,
        visits=[visit("k1", 0.0, 0.9), visit("k1", 1.2, 1.4), visit("k2", 1.4, 1.5), visit("", 1.6, None)],
        pauses=[(0.5, 1.1)],
        backoff=Backoff(initial=0.25, jitter=0.2, longest=60, late=1.0),
    )
    return replace(history, **changes)


def visit(key, began, ended, digest="d"):
    return Visit(key=key, digest=digest + key, began=began, ended=ended)


def attempted(message_id, attempt, outcome, started, ended):
    """One attempt, its start as PostgreSQL's views give it and its end as SQLite's do."""
    moments = [datetime.fromtimestamp(moment, tz=timezone.utc) for moment in (started, ended)]
    return {
        "message_id": message_id,
        "attempt": attempt,
        "outcome": outcome,
        "started_at": moments[0],
        "ended_at": moments[1].isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


def arrival(fact, key, *, accepted=True):
    return Arrival(key=key, fact=fact, accepted=accepted)


def with_row(rows, place, **changes):
    changed = copy.deepcopy(list(rows))
    changed[place].update(changes)
    return changed


def names(history):
    return {violation.split()[0].rstrip(":") for violation in violations(history)}


FIRST, AGAIN, SECOND = sound().arrivals
PLANTED = {
    "I1 a published message is gone": lambda: sound(deliveries=sound().deliveries[:1]),
    "I2 a delivery of what nobody published": lambda: sound(published=sound().published[:1]),
    "I2 an arrival of what nobody published": lambda: sound(arrivals=[*sound().arrivals, arrival("C", "k3")]),
    "I3 delivered, and the vendor never had it": lambda: sound(arrivals=[FIRST, AGAIN]),
    "I3 delivered, and the vendor said no": lambda: sound(arrivals=[FIRST, AGAIN, arrival("B", "k2", accepted=False)]),
    "I4 a message is still open": lambda: sound(deliveries=with_row(sound().deliveries, 1, state="pending")),
    "I5 sent again after it was delivered": lambda: sound((*LINES, ("m1", "attempt", 3))),
    "I6 a new key on the second attempt": lambda: sound(arrivals=[FIRST, arrival("A", "k9"), SECOND]),
    "I6 no key at all": lambda: sound(arrivals=[FIRST, AGAIN, arrival("B", "")]),
    "I6 one key for two messages": lambda: sound(
        deliveries=with_row(sound().deliveries, 1, idempotency_key="k1"), arrivals=[FIRST, AGAIN, arrival("B", "k1")]
    ),
    "I7 other bytes on the second attempt": lambda: sound(visits=[*sound().visits, visit("k1", 2, 3, "other")]),
    "I8 a repeat without an unknown outcome": lambda: sound(arrivals=[*sound().arrivals, SECOND]),
    "I8 an unknown outcome without a fault": lambda: sound(faults=0),
    "I9 the second before the first": lambda: sound(arrivals=[SECOND, FIRST, AGAIN]),
    "I9 the second before the first was accepted": lambda: sound(
        arrivals=[arrival("A", "k1", accepted=False), SECOND, AGAIN]
    ),
    "I10 the first again after the second": lambda: sound(arrivals=[FIRST, SECOND, AGAIN]),
    "I11 two requests at once": lambda: sound(visits=[visit("k1", 1.2, 1.5), visit("k2", 1.4, 1.6)]),
    "I11 a second request inside a long one": lambda: sound(
        visits=[visit("k1", 1.2, 2), visit("k2", 1.4, 1.5), visit("k2", 1.8, 2.1)]
    ),
    "I16 a request in a pause": lambda: sound(pauses=[(0.1, 1.3)]),
    "I17 a retry before its time": lambda: sound(backoff=Backoff(initial=0.3, longest=60)),
    "I17 a retry long after its time": lambda: sound(backoff=Backoff(initial=0.1, late=0.05)),
    "A2 an edited body": lambda: sound(audit=with_row(sound().audit, 4, body=sound().audit[4]["body"] + " ")),
    "A2 an edited column": lambda: sound(audit=with_row(sound().audit, 4, actor="somebody")),
    "A2 a row is missing in the middle": lambda: sound(audit=[*sound().audit[:5], *sound().audit[6:]]),
    "A4 published and not on the record": lambda: sound(LINES[4:]),
    "A5 sent without an intent": lambda: sound(attempts=sound().attempts[:2]),
    "A5 sent by an attempt that says it sent nothing": lambda: sound(
        attempts=with_row(sound().attempts, 2, outcome="not_sent")
    ),
    "A6 delivered and not on the record": lambda: sound(LINES[:-1]),
    "A6 on the record twice": lambda: sound((*LINES, ("m2", "delivered", 1))),
    "A6 on the record and still waiting": lambda: sound(
        deliveries=with_row(sound().deliveries, 1, state="pending"), drained=False
    ),
    "A7 an attempt that never ended": lambda: sound(attempts=with_row(sound().attempts, 0, outcome=None)),
    "A7 an attempt that ended twice": lambda: sound((*LINES[:6], ("m1", "not_sent", 1), *LINES[6:])),
    "A7 an attempt that is only in the audit trail": lambda: sound(attempts=sound().attempts[1:]),
    "A9 acked before it was attempted": lambda: sound((*LINES[:4], LINES[7], LINES[6], LINES[8], *LINES[9:])),
    "A9 sent again in a doubt that nobody has resolved": lambda: sound((*LINES[:6], ("m1", "in_doubt", 1), *LINES[6:])),
    "A9 published twice": lambda: sound((LINES[0], *LINES)),
}


def test_a_sound_history_has_no_violation():
    """A repeat after a lost answer is no violation."""
    assert violations(sound()) == []


def test_a_doubt_that_was_resolved_is_no_violation():
    """Asked for, and not there, it was sent again."""
    assert violations(sound((*LINES[:6], ("m1", "in_doubt", 1), ("m1", "resolved", 1), *LINES[6:]))) == []


def test_a_late_worker_is_excused_for_a_request_beside_its_successors():
    """What a stopped worker sends when it comes back is on record as late, and breaks no order of requests."""
    late = sound((*LINES, ("m1", "stale", 1)), visits=[visit("k1", 1.2, 1.5), visit("k2", 1.4, 1.6)])
    assert violations(late) == []


def test_a_lost_workers_message_waits_for_its_lease_and_for_no_back_off():
    """Its attempt is closed by its successor at the moment of the next one."""
    lines = [(*line, "worker_lost") if line[1] == "unknown" else line for line in LINES]
    rows = with_row(sound().attempts, 0, ended_at=sound().attempts[1]["started_at"])
    assert violations(sound(lines, attempts=rows)) == []


def test_a_late_worker_that_only_noted_its_lateness_is_no_violation():
    """What a worker notes when it finds its lane taken over changes nothing."""
    assert violations(sound((*LINES, ("m1", "stale", 1)))) == []


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_violation_is_found(planted):
    """Each broken promise is called by its name."""
    assert planted.split()[0] in names(PLANTED[planted]())


SERVED = [("1", "OPEN"), ("1", "SHUT"), ("2", "OPEN")]
CURSORS = [(None, None), ("2024-09-02", "2024-09-02"), ("2024-09-02", "2024-09-03"), ("2024-09-03", "2024-09-03")]
PLANTED_PULLS = {
    "a record that was skipped": ("not on the bus", (SERVED, SERVED[1:], CURSORS)),
    "a record that came twice": ("2 times", (SERVED, [*SERVED, SERVED[0]], CURSORS)),
    "a record nobody served": ("never served", (SERVED[1:], SERVED, CURSORS)),
    "a cursor that went back": ("went back", (SERVED, SERVED, [CURSORS[3], CURSORS[1]])),
    "a cursor that was lost": ("went back", (SERVED, SERVED, [CURSORS[3], CURSORS[0]])),
    "a cursor ahead of its events": ("the bus only", (SERVED, SERVED, [("2024-09-03", "2024-09-02")])),
}


def test_a_sound_pull_has_no_violation():
    """A record may be served as often as it likes."""
    assert pulls.violations([*SERVED, *SERVED], SERVED, CURSORS) == []


@pytest.mark.parametrize("planted", PLANTED_PULLS)
def test_a_planted_violation_of_a_pull_is_found(planted):
    """I13, each in its own words and no other."""
    words, facts = PLANTED_PULLS[planted]
    [violation] = pulls.violations(*facts)
    assert words in violation
