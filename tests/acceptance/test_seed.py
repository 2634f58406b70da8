"""The founding documents' own words, unchanged: one YAML file and one line of Python deliver a hearing."""

from __future__ import annotations

import json
import urllib.request
from contextlib import contextmanager

import pytest
from tests.harness.cli import Cli
from tests.harness.courts import court
from tests.harness.history import Published, read, violations
from tests.peers.node import node_court

SEED_YAML = """\
# court_calendar_sync.yaml
job:
  name: "HUD → CountyCourtCalendar"
  push_adapter: "oracle.soap.v1"
  pull_adapter: "oracle.soap.v1"
  source_topic: "hud.hearing.created"
  target_endpoint: "https://court.example.gov/soap"
heartbeat_interval: "30s"          # "add one line": accepted here and under job:
"""
SEED_PYTHON = """\
from hms_a2a import Bus
Bus("hud").publish_topic("hud.hearing.created", {"case_id": "HUD-22-109", "date": "2024-09-02"})
"""
ENDPOINT = '  target_endpoint: "https://court.example.gov/soap"\n'
PASSWORD = "s3cret & <quoted> ü"


def seed(cli, endpoint, *lines):
    """Write the seed's file with another endpoint, which may be on this machine."""
    path = cli.home / "court_calendar_sync.yaml"
    here = [f'  target_endpoint: "{endpoint}"', '  allow_private: ["127.0.0.0/8"]', *(f"  {line}" for line in lines)]
    path.write_text(SEED_YAML.replace(ENDPOINT, "\n".join([*here, ""])), encoding="utf-8")
    return path


def fire(cli):
    """Let the event fire in a program of its own."""
    done = cli.python(SEED_PYTHON)
    assert (done.returncode, done.stderr) == (0, "")


def everything(cli, *processes):
    """Return all that anybody could read: what was printed, and every file of the installation."""
    files = [path.read_bytes() for path in cli.home.rglob("*") if path.is_file()]
    return b"".join([*files, *(part.encode() for done in processes for part in (done.stdout, done.stderr))])


def received_by(origin):
    with urllib.request.urlopen(f"{origin}/received", timeout=10) as answer:
        return json.load(answer)


def test_the_seed_delivers_to_the_sandboxs_court(tmp_path):
    """Listening, fired, delivered: the court has the hearing, the trace shows the receipt, the audit trail verifies."""
    cli = Cli(tmp_path / "home")
    with court(tmp_path) as vendor:
        job = seed(cli, vendor.endpoint)
        assert cli("lint", job).returncode == 0
        assert cli("run", job, "--drain").returncode == 0
        fire(cli)
        done = cli("run", job, "--drain")
        received = vendor.received()
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "⏳  Listening for hud.hearing.created …"
    [hearing] = received["hearings"]
    assert (hearing["case_id"], hearing["hearing_date"]) == ("HUD-22-109", "2024-09-02")
    assert hearing["reference"] in cli("trace", "HUD-22-109").stdout
    message = cli.trace("HUD-22-109")
    assert message["deliveries"][0]["reference"] == hearing["reference"]
    assert cli("audit", "verify").returncode == 0
    published = [Published(message_id=message["message_id"], fact="HUD-22-109")]
    assert violations(read(cli.url, "court_calendar_sync", published, received)) == []


@pytest.mark.peers
def test_the_seed_delivers_to_another_peoples_court(tmp_path):
    """The same file and the same line deliver to a vendor on Node.js whose WSDL has other names and types."""
    cli = Cli(tmp_path / "home")
    with node_court() as origin:
        job = cli.listening(seed(cli, f"{origin}/soap"))
        fire(cli)
        done = cli("run", job, "--drain")
        received = received_by(origin)
    assert done.returncode == 0, done.stderr
    [arrival] = received["arrivals"]
    assert (arrival["CaseID"], arrival["DateOfHearing"]) == ("HUD-22-109", "2024-09-02")
    assert received["hearings"][0]["ConfirmationNumber"] in cli("trace", "HUD-22-109").stdout
    assert cli("audit", "verify").returncode == 0


def test_what_the_court_changes_comes_back(tmp_path):
    """The seed's pull puts each change of the hearing's status on the bus."""
    cli = Cli(tmp_path / "home")
    with court(tmp_path, "--schedule-after", "0", "--confirm-after", "0") as vendor:
        job = cli.listening(seed(cli, vendor.endpoint))
        fire(cli)
        assert cli("run", job, "--drain").returncode == 0
        assert cli("run", job, "--drain").returncode == 0
    program = "from hms_a2a import Bus; print([e['payload']['status'] for e in Bus('x').read_topic('syn.*.pulled')])"
    assert cli.python(program).stdout.strip() == "['SCHEDULED', 'CONFIRMED']"


def test_two_equal_events_are_two_hearings(tmp_path):
    """What fires twice is told twice: only the same message id is the same message."""
    cli = Cli(tmp_path / "home")
    with court(tmp_path) as vendor:
        job = cli.listening(seed(cli, vendor.endpoint))
        fire(cli)
        fire(cli)
        assert cli("run", job, "--drain").returncode == 0
        assert vendor.cases() == ["HUD-22-109", "HUD-22-109"]


@pytest.mark.parametrize("wsse", ["username_token", "username_token_digest"])
@pytest.mark.parametrize("court_of", ["sandbox", pytest.param("node", marks=pytest.mark.peers)])
def test_the_login_comes_from_the_connection(tmp_path, court_of, wsse):
    """With the right password the hearing is delivered; the password is in no output and no file."""
    login = {"conn_type": "hms_soap", "login": "hud", "password": PASSWORD, "extra": {"wsse": wsse}}
    cli = Cli(tmp_path / "home", court_calendar=login)
    with locked(court_of, tmp_path) as endpoint:
        job = cli.listening(seed(cli, endpoint, "connection_id: court_calendar"))
        fire(cli)
        done = cli("run", job, "--drain")
    assert done.returncode == 0, done.stderr
    assert cli.json("status")[0]["delivered"] == 1
    assert PASSWORD.encode() not in everything(cli, done, cli("trace", "HUD-22-109", "--json"))


@pytest.mark.parametrize("court_of", ["sandbox", pytest.param("node", marks=pytest.mark.peers)])
def test_a_wrong_password_delivers_nothing_and_loses_nothing(tmp_path, court_of):
    """F32: the vendor's no to our login is no answer to the message: it waits, and no password is shown."""
    wrong = "wr0ng pässword"
    cli = Cli(tmp_path / "home", court_calendar={"conn_type": "hms_soap", "login": "hud", "password": wrong})
    with locked(court_of, tmp_path) as endpoint:
        job = cli.listening(seed(cli, endpoint, "connection_id: court_calendar"))
        fire(cli)
        done = cli("run", job, "--drain")
    assert done.returncode == 1
    [delivery] = cli.trace("HUD-22-109")["deliveries"]
    assert (delivery["state"], delivery["reference"]) == ("pending", None)
    assert "credentials" in done.stdout
    assert wrong.encode() not in everything(cli, done, cli("trace", "HUD-22-109", "--json"), cli("status"))


def test_a_job_does_not_go_out_without_the_connection_it_names(tmp_path):
    """A vendor that lets anybody in would take it; and the sentence says what to set."""
    cli = Cli(tmp_path / "home")
    with court(tmp_path) as vendor:
        job = cli.listening(seed(cli, vendor.endpoint, "connection_id: court_calendar"))
        fire(cli)
        done = cli("run", job, "--drain")
        assert vendor.arrivals() == 0
    assert done.returncode == 1
    assert "AIRFLOW_CONN_COURT_CALENDAR" in done.stderr
    assert cli.trace("HUD-22-109")["deliveries"][0]["state"] == "pending"


@contextmanager
def locked(court_of, folder):
    """Run a court that asks for a login, and give its endpoint."""
    if court_of == "node":
        with node_court(user="hud", password=PASSWORD) as origin:
            yield f"{origin}/soap"
    else:
        with court(folder, "--user", "hud", password=PASSWORD) as vendor:
            yield vendor.endpoint


def test_the_engine_runs_without_airflow(tmp_path):
    """A whole run, from the file to the receipt, imports nothing of Airflow: that is why it starts at once."""
    cli = Cli(tmp_path / "home")
    with court(tmp_path) as vendor:
        job = cli.listening(seed(cli, vendor.endpoint))
        fire(cli)
        done = cli.python(
            "import sys; from hms_syn.cli.main import main; code = main(['run', sys.argv[1], '--drain']); "
            "sys.exit(code or ' '.join(name for name in sys.modules if name.partition('.')[0] == 'airflow') or 0)",
            str(job),
        )
    assert (done.returncode, done.stderr) == (0, "")
    assert "delivered COURT-000001" in done.stdout
