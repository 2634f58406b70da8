"""What a job's DAGs say of it in Airflow: its documentation and tags, from nothing but the job file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hms_syn.domain.durations import in_words

if TYPE_CHECKING:
    from hms_syn.domain.job_spec import JobSpec

_ADDRESS = re.compile(r"[^\s@<>\"]+@[^\s@<>\"]+\.[^\s@<>\"]+")


def tags(job: JobSpec, side: str, adapter: str | None) -> list[str]:
    """Return the tags of one of a job's DAGs, in a fixed order."""
    return sorted({"hms-syn", side, adapter or "", *job.tags} - {""})


def owner_links(job: JobSpec) -> dict[str, str]:
    """Return where a click on the owner leads: a mail, where the owner is an address."""
    return {job.owner: f"mailto:{job.owner}"} if _ADDRESS.fullmatch(job.owner) else {}


def schedule_text(schedule: str | float) -> str:
    """Say in words when runs start.

    >>> schedule_text("on_event"), schedule_text(300.0), schedule_text("0 6 * * 1")
    ('as soon as a message is due', 'every 5 minutes', 'by the cron expression `0 6 * * 1`, in UTC')
    """
    if schedule == "on_event":
        return "as soon as a message is due"
    return (
        f"by the cron expression `{schedule}`, in UTC" if isinstance(schedule, str) else f"every {in_words(schedule)}"
    )


def push_text(job: JobSpec) -> str:
    """Say in words what the way out does."""
    retry = job.retry
    tries = "for ever" if retry.max_attempts is None else f"{retry.max_attempts} times"
    return "\n\n".join(
        part
        for part in (
            job.docs_md,
            f"**{job.name}** sends `{', '.join(job.source_topics)}` to `{job.target_endpoint}` "
            f"through `{job.push_adapter}`.",
            job.description,
            f"It starts {schedule_text(job.push.schedule if job.push else 'on_event')}. "
            "A message stays in the queue until the vendor has said yes. A failed attempt is tried again after "
            f"{in_words(retry.initial_delay)}, then ever longer up to {in_words(retry.max_delay)}, {tries}; "
            "*up for retry* means that the head of the queue is waiting.",
            f"See where it stands: `hms-syn status`; follow one message: `hms-syn trace ID`. File: `{job.file}`",
        )
        if part
    )


def pull_text(job: JobSpec) -> str:
    """Say in words what the way in does."""
    topic = job.pull.publish_topic if job.pull else ""
    return "\n\n".join(
        part
        for part in (
            job.docs_md,
            f"**{job.name}** brings statuses of `{job.target_endpoint}` back onto `{topic}` through "
            f"`{job.pull_adapter}`, each record once.",
            job.description,
            f"It starts {schedule_text(job.pull.schedule)}. A pull that fails is tried again, and goes on where the "
            "last stored page ended."
            if job.pull
            else "",
            f"File: `{job.file}`",
        )
        if part
    )
