"""What a job file last was is kept, on both databases, apart from the contracts that are pinned for its job."""

from __future__ import annotations

from tests.conftest import make_job


def test_a_file_is_kept_as_it_was_when_its_job_was_last_registered(sql_store, job):
    assert sql_store.kept_file("county/court.yaml") is None
    sql_store.register_file(job, place="county/court.yaml", text="first")
    sql_store.register_file(job, place="county/court.yaml", text="second")
    assert sql_store.kept_file("county/court.yaml") == "second"
    assert sql_store.kept_file("court.yaml") is None


def test_a_file_that_gets_another_id_is_kept_once(sql_store):
    for job_id in ("court", "tribunal"):
        sql_store.register_file(make_job(job_id), place="court.yaml", text=job_id)
    assert sql_store.kept_file("court.yaml") == "tribunal"
    sql_store.forget_file("court.yaml")
    assert sql_store.kept_file("court.yaml") is None


def test_contracts_are_unpinned_and_what_the_file_was_stays(sql_store, job):
    sql_store.register_file(job, place="court.yaml", text="kept")
    sql_store.pin(job.id, "wsdl", b"<definitions/>")
    sql_store.unpin(job.id)
    assert sql_store.pinned(job.id, "wsdl") is None
    assert sql_store.kept_file("court.yaml") == "kept"
