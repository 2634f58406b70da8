"""The files for Docker are sound: what Compose and hadolint say of them, and what we promise of them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.docs import pages
from tests.harness.compose import Project

from hms_syn import job_files
from hms_syn.domain import sealing

SECRETS = {
    "FERNET_KEY",
    "PAYLOAD_KEYS",
    "JWT_SECRET",
    "API_SECRET_KEY",
    "POSTGRES_PASSWORD",
    "VALKEY_PASSWORD",
    "ADMIN_PASSWORD",
}
AIRFLOW = {"api-server", "scheduler", "dag-processor", "triggerer", "init"}
DEMO = {"court", "payments", "hospital", "mailbox"}


@pytest.fixture
def project(tmp_path):
    made = Project(tmp_path)
    made.secrets = made.make_secrets()
    return made


def test_every_component_is_there_and_the_pretend_vendors_only_when_asked_for(project):
    assert set(project.configured()) == {*AIRFLOW, "worker", "postgres", "valkey"}
    assert set(project.configured("demo")) == {*AIRFLOW, *DEMO, "worker", "postgres", "valkey"}


def test_a_small_machine_needs_no_broker_and_no_worker(project):
    services = project.configured(small=True)
    assert set(services) == {*AIRFLOW, "postgres"}
    assert {services[name]["environment"]["AIRFLOW__CORE__EXECUTOR"] for name in AIRFLOW} == {"LocalExecutor"}
    assert set(project.configured("demo", small=True)) == {*AIRFLOW, *DEMO, "postgres"}


@pytest.mark.parametrize("small", [False, True])
@pytest.mark.parametrize("missing", sorted(SECRETS))
def test_without_a_secret_nothing_starts_and_its_name_is_said(project, missing, small):
    env = project.folder / ".env"
    env.write_text(re.sub(rf"^{missing}=.*$", f"{missing}=", env.read_text(), flags=re.MULTILINE))
    done = project.compose("config", "--quiet", small=small)
    assert done.returncode != 0
    assert missing in done.stderr


def test_the_documented_command_makes_every_secret_and_keeps_it_from_others(project):
    assert set(project.secrets) == {*SECRETS, "DEMO_SECRET"}
    assert len(set(project.secrets.values())) == len(project.secrets)
    keys = project.secrets["PAYLOAD_KEYS"]
    assert sealing.parse(keys.strip("'"), name=".env").newest == time.strftime("%Y-%m")
    others = (value for value in project.secrets.values() if value != keys)
    assert all(re.fullmatch(r"[\w=-]{44,}", value, re.ASCII) for value in others)
    assert (project.folder / ".env").stat().st_mode & 0o077 == 0


def test_no_secret_has_a_default():
    text = "".join(pages.text_of(pages.ROOT / name) for name in ("docker-compose.yaml", "docker-compose.small.yaml"))
    used = set(re.findall(r"\$\{(\w*(?:SECRET|PASSWORD|KEY)\w*)", text))
    assert used == {*SECRETS, "DEMO_SECRET"}
    defaults = re.findall(r"\$\{(\w*(?:SECRET|PASSWORD|KEY)\w*):?-([^}]+)\}", text)
    assert defaults == []


@pytest.mark.parametrize("profiles", [(), ("demo",)])
def test_nothing_listens_for_the_world(project, profiles):
    ports = {name: service.get("ports", []) for name, service in project.configured(*profiles).items()}
    assert {port["host_ip"] for published in ports.values() for port in published} == {"127.0.0.1"}
    published = {name for name, found in ports.items() if found}
    assert published == ({"api-server", *DEMO} if profiles else {"api-server"})


def test_jobs_and_dags_can_be_read_only(project):
    services = project.configured()
    for name in (*AIRFLOW, "worker"):
        mounts = {mount["target"]: mount for mount in services[name]["volumes"]}
        assert mounts["/opt/airflow/jobs"]["read_only"], name
        assert mounts["/opt/airflow/dags"]["read_only"], name


def test_every_service_comes_back_and_says_how_it_is(project):
    services = project.configured("demo")
    lasting = {name: service for name, service in services.items() if name != "init"}
    assert {service["restart"] for service in lasting.values()} == {"unless-stopped"}
    assert {name for name, service in lasting.items() if "healthcheck" not in service} == {
        "mailbox"
    }  # its image has one
    assert services["init"]["restart"] == "no"


def test_nothing_may_raise_its_rights(project):
    services = project.configured("demo")
    for name in (*AIRFLOW, "worker", "court", "payments", "hospital"):
        assert services[name]["cap_drop"] == ["ALL"], name
    assert {tuple(service["security_opt"]) for service in services.values()} == {("no-new-privileges:true",)}


@pytest.mark.parametrize("small", [False, True])
def test_no_service_but_the_database_can_take_the_memory_of_another(project, small):
    services = project.configured("demo", small=small)
    limits = {name: int(service.get("mem_limit", 0)) for name, service in services.items()}
    assert {name for name, limit in limits.items() if not limit} == {"postgres"}
    running = "scheduler" if small else "worker"
    tasks = int(services[running]["environment"]["AIRFLOW__CELERY__WORKER_CONCURRENCY"])
    assert limits[running] > (tasks * 150 + 1024) * 2**20


def test_what_services_say_is_cut_off_and_does_not_fill_the_disk(project):
    for name, service in project.configured("demo").items():
        assert service["logging"]["options"] == {"max-size": "20m", "max-file": "5"}, name


def test_what_needs_to_write_nothing_cannot(project):
    services = project.configured("demo")
    closed = {name for name, service in services.items() if service.get("read_only")}
    assert closed == {*DEMO, "valkey"}


def test_the_demos_variables_fit_the_sample_jobs(project, monkeypatch):
    (project.folder / "jobs.env").write_bytes((project.folder / "demo.env").read_bytes())
    services = project.configured("demo")
    for name, value in services["worker"]["environment"].items():
        monkeypatch.setenv(name, value)
    jobs, problems = job_files.load_folder(project.folder / "jobs")
    assert problems == []
    hosts = {re.match(r"http://(\w+):(\d+)", job.target_endpoint).groups() for job in jobs}
    assert hosts == {(name, str(services[name]["ports"][0]["target"])) for name in ("court", "payments", "hospital")}
    for job in jobs:
        if job.connection_id:
            held = json.loads(services["worker"]["environment"][f"AIRFLOW_CONN_{job.connection_id.upper()}"])
            assert held["password"] == project.secrets["DEMO_SECRET"]
    assert services["payments"]["environment"]["PAYMENTS_SECRET"] == project.secrets["DEMO_SECRET"]
    assert services["hospital"]["environment"]["HOSPITAL_TOKEN"] == project.secrets["DEMO_SECRET"]


def test_hadolint_finds_nothing_in_the_dockerfile():
    done = subprocess.run(
        [Path(sys.executable).parent / "hadolint", "Dockerfile"],
        cwd=pages.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_image_holds_the_airflow_of_the_constraints_and_every_extra():
    dockerfile = pages.text_of(pages.ROOT / "Dockerfile")
    pinned = re.search(r"^apache-airflow==(\S+)$", pages.text_of(pages.ROOT / "constraints.txt"), re.MULTILINE)
    assert f"AIRFLOW_TAG={pinned[1]}-" in dockerfile
    declared = re.search(
        r"\[project\.optional-dependencies\]\n(.*?)\n\n", pages.text_of(pages.ROOT / "pyproject.toml"), re.DOTALL
    )
    extras = set(re.findall(r"^(\w+) =", declared[1], re.MULTILINE)) - {"conformance"}
    assert set(re.search(r"whl\)\[([\w,]+)\]", dockerfile)[1].split(",")) == extras


def test_the_image_is_given_all_that_the_wheel_is_made_of():
    taken = set(re.findall(r"^!(\S+)$", pages.text_of(pages.ROOT / ".dockerignore"), re.MULTILINE))
    copied = re.findall(r"^COPY --chown=\S+ (.+) \./", pages.text_of(pages.ROOT / "Dockerfile"), re.MULTILINE)
    assert {name for line in copied for name in line.split()} | {"constraints.txt"} == taken - {"**/__pycache__"}


def test_the_tag_of_the_image_is_this_version(project):
    import hms_syn

    assert project.configured()["worker"]["image"] == f"hms-syn:{hms_syn.__version__}"
    assert f"HMS_SYN_VERSION={hms_syn.__version__}\n" in pages.text_of(pages.ROOT / ".env.example")
