"""An alert: what a person reads, in the words of an incident, and never a payload or a secret."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone

from hms_syn.domain.durations import in_words
from hms_syn.domain.incident import DEAD_LETTER, IN_DOUBT, OFFLINE, QUEUE_AGE, SILENCE, Incident, Step

WRONG = {
    OFFLINE: "vendor offline",
    DEAD_LETTER: "messages need an officer",
    IN_DOUBT: "messages in doubt",
    QUEUE_AGE: "messages wait too long",
    SILENCE: "nothing arrives",
}
OVER = {
    OFFLINE: "vendor online again",
    DEAD_LETTER: "no message needs an officer any more",
    IN_DOUBT: "no message is in doubt any more",
    QUEUE_AGE: "the queue moves again",
    SILENCE: "events arrive again",
}
LEAD = {Step.OPENED: "", Step.REMINDER: "still ", Step.CLEARED: "all clear: "}
WHAT_TO_DO = {
    OFFLINE: "Nothing is lost: what waits goes out by itself when the vendor is back.",
    DEAD_LETTER: "Look at them with 'hms-syn messages --job {job} --state dead_letter', or 'hms-syn status' for a line "
    "that is held; then 'hms-syn replay' or 'hms-syn discard'.",
    IN_DOUBT: "Ask the vendor for them, then 'hms-syn resolve ID --delivered' or '--resend'.",
    QUEUE_AGE: "'hms-syn status' says why nothing moves.",
    SILENCE: "Ask the publisher of its topic whether there was nothing to publish.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What is told of one incident at one step.

    ``thread`` is the same at every step of an incident, ``dedupe_id`` is this word of it alone: whoever gets it twice
    can tell.
    """

    kind: str
    step: Step
    subject: str
    text: str
    jobs: tuple[str, ...]
    link: str
    thread: str
    dedupe_id: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """How things stand as an alert is written: Unix seconds, counts (of ``most`` at most), and our own last words."""

    now: float
    waiting: int
    set_aside: int
    most: int
    code: str = ""
    note: str = ""
    link: str = ""
    guide: str = ""
    names: tuple[tuple[str, str], ...] = ()
    runbooks: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()


def alert(incident: Incident, step: Step, scene: Scene) -> Alert:
    """Return what is told of an incident; ``scene.names`` are the jobs it is told for, each id with its name."""
    kind = incident.trouble.kind
    thread = f"hms-syn.{incident.id}.{round(incident.opened_at * 1_000_000)}"
    what = (OVER if step is Step.CLEARED else WRONG)[kind]
    names = ", ".join(name for _, name in scene.names)
    return Alert(
        kind=kind,
        step=step,
        subject=f"HMS-SYN: {LEAD[step]}{what}: {names}",
        text="\n".join(_lines(incident, step, scene, what)),
        jobs=tuple(job for job, _ in scene.names),
        link=scene.link,
        thread=thread,
        dedupe_id=f"{thread}.{incident.told_count + 1}",
        at=_shown(scene.now),
    )


def _lines(incident: Incident, step: Step, scene: Scene, what: str) -> list[str]:
    trouble = incident.trouble
    began = trouble.since if trouble.since is not None else incident.opened_at
    told = f"{LEAD[step]}{what}."
    lines = [told[0].upper() + told[1:]]
    lines += [f"Job: {job} ({name})" for job, name in scene.names]
    lines += [f"Vendor: {trouble.endpoint}"] if trouble.endpoint else []
    if step is Step.CLEARED:
        ended = incident.cleared_at or scene.now
        lines.append(f"From {_shown(began)} to {_shown(ended)}: {_length(ended - began)}.")
    else:
        lines.append(f"Since: {_shown(began)}, for {_length(scene.now - began)}.")
    lines.append(f"Waiting: {_count(scene.waiting, scene.most)}. Set aside: {_count(scene.set_aside, scene.most)}.")
    if step is not Step.CLEARED:
        if scene.code:
            lines.append(f"Last error: {scene.code}" + (f": {scene.note}" if scene.note else ""))
        lines.append(WHAT_TO_DO[trouble.kind].format(job=trouble.job))
        lines += [f"What to do: {scene.guide}"] if scene.guide else []
    lines += [f"Look: {scene.link}"] if scene.link else []
    lines += [f"Runbook: {runbook}" for runbook in scene.runbooks] or [f"Owner: {', '.join(scene.owners)}"]
    return lines


def _count(number: int, most: int) -> str:
    return f"{most} or more" if number >= most else str(number)


def _length(seconds: float) -> str:
    return in_words(max(0, round(seconds)))


def _shown(at: float) -> str:
    return datetime.fromtimestamp(at, tz=timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
