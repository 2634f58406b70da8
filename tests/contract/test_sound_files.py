"""What a job file last was is kept, on both databases, apart from the contracts that are pinned for its job."""

from __future__ import annotations

import pytest
from tests.conftest import make_job

from hms_syn.domain.topic_event import new_event
from hms_syn.flow.publish import publish
from hms_syn.store.sound_files import SoundFiles


@pytest.fixture
def files(sql_store):
    return SoundFiles(sql_store, "jobs")


def test_a_file_is_kept_as_it_was_when_its_job_was_last_registered(sql_store, files, job):
    assert files.kept("county/court.yaml") is None
    files.register(job, place="county/court.yaml", text="first")
    files.register(job, place="county/court.yaml", text="second")
    assert files.kept("county/court.yaml") == "second"
    assert files.kept("court.yaml") is None


def test_a_file_that_gets_another_id_is_kept_once(sql_store, files):
    for job_id in ("court", "tribunal"):
        files.register(make_job(job_id), place="court.yaml", text=job_id)
    assert files.kept("court.yaml") == "tribunal"
    files.park_all_but([])
    assert files.kept("court.yaml") is None


def test_contracts_are_unpinned_and_what_the_file_was_stays(sql_store, files, job):
    files.register(job, place="court.yaml", text="kept")
    sql_store.pin(job.id, "wsdl", b"<definitions/>")
    sql_store.unpin(job.id)
    assert sql_store.pinned(job.id, "wsdl") is None
    assert files.kept("court.yaml") == "kept"


def test_what_waits_for_a_job_whose_file_is_gone_is_parked_and_says_what_to_do(sql_store, files, job):
    files.register(job, place="court.yaml", text="kept")
    publish(sql_store, [new_event("hud.hearing.created", {"case_id": "HUD-22-109"}, agency="hud")])
    assert files.park_all_but(["other.yaml"]) == [job.id]
    assert files.parked() == [job.id]
    assert sql_store.status()[0]["why"].startswith("parked, for its job file is gone: put the file back, or retire")
    assert sql_store.ring() == []
    files.register(job, place="court.yaml", text="kept")
    assert files.parked() == []
    assert sql_store.status()[0]["why"] == "waiting for a worker"


def test_a_file_that_is_moved_parks_nothing(sql_store, files, job):
    for place in ("court.yaml", "county/court.yaml"):
        files.register(job, place=place, text="kept")
    assert files.park_all_but(["county/court.yaml"]) == []
    assert files.kept("court.yaml") is None


def test_a_folder_parks_no_job_of_another_folder(sql_store, files, job):
    files.register(job, place="court.yaml", text="kept")
    assert SoundFiles(sql_store, "others").park_all_but([]) == []
