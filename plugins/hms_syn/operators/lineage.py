"""What OpenLineage is told of a push or a pull: from which topic to which vendor, and back.

Airflow's OpenLineage provider asks the operators for it; without that provider nobody does, and nothing is imported.
A vendor is named by its origin and the job: an address's path and query may hold what only the two sides should know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hms_syn.domain import endpoints, vendor_urls

if TYPE_CHECKING:
    from airflow.providers.common.compat.openlineage.facet import Dataset
    from airflow.providers.openlineage.extractors import OperatorLineage

    from hms_syn.domain.job_spec import JobSpec

BUS = "hms-syn"
"""The namespace of topics; a topic's or a pattern's own words are the name."""


def of_push(job: JobSpec) -> OperatorLineage[Any, Any]:
    """Return a push's lineage: the topics it takes go to the vendor."""
    return _lineage([_dataset(BUS, topic) for topic in job.source_topics], [_vendor(job)])


def of_pull(job: JobSpec) -> OperatorLineage[Any, Any]:
    """Return a pull's lineage: the vendor's records go onto a topic."""
    return _lineage([_vendor(job)], [_dataset(BUS, job.pull.publish_topic)] if job.pull else [])


def origin(url: str) -> str:
    """Return what may be shown of an endpoint: its scheme, its host and, for HTTP, its port.

    >>> origin("https://court.example.gov/hooks/s3cret?token=1"), origin("sftp://files.example.gov/in")
    ('https://court.example.gov', 'sftp://files.example.gov')
    """
    scheme = url.partition(":")[0].lower()
    if endpoints.kind(url) == endpoints.HTTP:
        return f"{scheme}://{vendor_urls.origin(url).authority}"
    return f"{scheme}://{endpoints.host(url)}"


def _vendor(job: JobSpec) -> Dataset:
    return _dataset(origin(job.target_endpoint), job.id)


def _dataset(namespace: str, name: str) -> Dataset:
    from airflow.providers.common.compat.openlineage.facet import Dataset  # noqa: PLC0415 - the provider asks; it is there

    return Dataset(namespace=namespace, name=name)


def _lineage(inputs: list[Dataset], outputs: list[Dataset]) -> OperatorLineage[Any, Any]:
    from airflow.providers.openlineage.extractors import OperatorLineage  # noqa: PLC0415 - as above

    return OperatorLineage(inputs=inputs, outputs=outputs)
