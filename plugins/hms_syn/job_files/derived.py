"""The defaults that are not the same for every job: they follow from its file's name, or from what else it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hms_syn.domain.job_spec import JobSpec


def derived(job: JobSpec) -> Mapping[tuple[str, ...], tuple[Any, str]]:
    """Return them by their key's path, each with a remark on where it comes from."""
    found: dict[tuple[str, ...], tuple[Any, str]] = {("job", "id"): (job.id, "the file's name")}
    if job.push is not None:
        found["job", "push", "lease"] = (job.push.lease, "default: a minute, or the timeout if that is longer")
    if job.pull is not None:
        found["job", "pull", "publish_topic"] = (job.pull.publish_topic, "default: made of the id")
        if job.pull.dedupe_key:
            found["job", "pull", "dedupe_key"] = (job.pull.dedupe_key, f"default of {job.pull_adapter}")
    return found
