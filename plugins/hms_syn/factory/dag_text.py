"""What a job's DAGs say of it in Airflow: its documentation and tags, from nothing but the job file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hms_syn.domain.durations import in_words

if TYPE_CHECKING:
    from hms_syn.domain.job_spec import JobSpec


def tags(job: JobSpec, side: str, adapter: str | None) -> list[str]:
    """Return the tags of one of a job's DAGs, in a fixed order."""
    return sorted({"hms-syn", side, adapter or "", *job.tags} - {""})


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
            f"File: `{job.file}`",
        )
        if part
    )
