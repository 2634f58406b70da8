"""Alerts reach people through Airflow's own notifiers: a real mail server, a real web server, a class of one's own."""

from __future__ import annotations

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from tests.peers.mailboxes import mailbox
from tests.unit.flow.alert_room import MAIL, OPS, Room

from hms_syn.domain.alert import Alert
from hms_syn.domain.incident import Step
from hms_syn.domain.job_spec import Notifier
from hms_syn.errors import NeedsOfficer
from hms_syn.hooks import notifiers
from hms_syn.store.sql_store import SqlStore

pytestmark = pytest.mark.timeout(300)  # the mail server is installed once, with all the others
ALERT = Alert(
    kind="dead_letter", step=Step.OPENED, subject="HMS-SYN: {{ conn.x.password }} <b>", text="one <b>\ntwo",
    jobs=("court",), link="https://airflow.example.gov/dags/syn.court.push", thread="hms-syn.1.2",
    dedupe_id="hms-syn.1.2.1", at="2026-07-05 08:00:00 UTC",
)  # fmt: skip


@pytest.fixture
def room(tmp_path):
    clock = [1_800_000_000.0]
    with contextlib.closing(SqlStore(f"sqlite:///{tmp_path}/queue.db", clock=lambda: clock[0])) as store:
        store.create()
        yield Room(store, clock, send=notifiers.send)


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    with (tmp_path_factory.mktemp("mail") / "log").open("w+", encoding="utf-8") as log, mailbox(log) as running:
        yield running


@pytest.fixture
def to_the_box(box, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(box.connection))


@pytest.fixture
def posted(monkeypatch):
    """A web server that keeps what is posted to it, at the connection ``hook``."""
    arrived = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            arrived.append((self.path, dict(self.headers), json.loads(body)))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *words):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        host = {"conn_type": "http", "host": "127.0.0.1", "port": server.server_port, "schema": "http"}
        monkeypatch.setenv("AIRFLOW_CONN_HOOK", json.dumps(host))
        yield arrived
        server.shutdown()


@pytest.mark.peers
def test_one_mail_when_a_vendor_goes_offline_and_one_when_it_is_back(room, box, to_the_box):
    """Both are in one thread; while the mail server is down the alert waits, and comes when it is up again."""
    job = room.job(name="HUD → CountyCourt")
    room.ping(job, answers=False)
    room.go()
    [offline] = box.mails()
    assert offline["subject"] == "HMS-SYN: vendor offline: HUD → CountyCourt"
    assert job.target_endpoint in offline["html"]
    room.ping(job, answers=False)
    room.go()
    assert len(box.mails()) == 1
    box.stop()
    room.ping(job, answers=True)
    room.go()
    room.later(600)
    box.start()
    room.go()
    [online] = box.mails()
    assert online["subject"] == "HMS-SYN: all clear: vendor online again: HUD → CountyCourt"
    assert online["headers"]["in-reply-to"] == offline["headers"]["message-id"]


@pytest.mark.peers
def test_a_mail_is_text_and_never_a_template(box, to_the_box):
    """Nothing of an alert is rendered by Airflow, and nothing is markup."""
    notifiers.send(MAIL, ALERT)
    mail = box.mails()[-1]
    assert mail["subject"] == ALERT.subject
    assert "one &lt;b&gt;<br>" in mail["html"]
    assert mail["headers"]["message-id"] == "<hms-syn.1.2.1@hms-syn>"


@pytest.mark.peers
def test_a_class_of_ones_own_is_told_where_the_words_go(box, to_the_box):
    """Its options hold places for them, and its connection goes under the name by which the class takes it."""
    path = "airflow.providers.smtp.notifications.smtp.SmtpNotifier"
    options = {"to": ["ops@example.gov"], "subject": "{kind} of {jobs}", "html_content": "{text} {unknown}"}
    notifiers.send(Notifier(type=path, connection_id="smtp_default", options=options), ALERT)
    mail = box.mails()[-1]
    assert mail["subject"] == "dead_letter of ['court']"
    assert "{unknown}" in mail["html"]


def test_a_web_hook_gets_the_facts_and_an_id_by_which_it_knows_a_repeat(posted):
    notifiers.send(Notifier(type="http", connection_id="hook", options={"endpoint": "alerts"}), ALERT)
    [(path, headers, body)] = posted
    assert path == "/alerts"
    assert headers["Idempotency-Key"] == body["dedupe_id"] == ALERT.dedupe_id
    assert (body["kind"], body["step"], body["jobs"]) == ("dead_letter", "opened", ["court"])


@pytest.mark.parametrize(
    ("notifier", "says"),
    [
        (Notifier(type="slack", options={"channel": "#ops"}), "install apache-airflow-providers-slack"),
        (Notifier(type="agency.pagers.Pager"), "there is no agency.pagers.Pager; correct the path"),
        (Notifier(type="smtp", options={"to": "ops@example.gov", "tone": "loud"}), "smtp does not take these options"),
        (Notifier(type="airflow.sdk.BaseNotifier", connection_id="x"), "takes its connection by no name we know"),
        (Notifier(type="logging.Handler"), "logging.Handler is not a notifier"),
    ],
)
def test_a_notifier_that_cannot_be_made_says_what_to_do(notifier, says):
    with pytest.raises(NeedsOfficer, match=says):
        notifiers.send(notifier, ALERT)


def test_a_job_file_cannot_name_a_command_for_a_notifier(tmp_path):
    mark = tmp_path / "ran"
    with pytest.raises(NeedsOfficer, match=r"os\.system is not a notifier; name a subclass"):
        notifiers.send(Notifier(type="os.system", options={"command": f"touch {mark}"}), ALERT)
    assert not mark.exists()


def test_the_options_of_a_web_hook_change_neither_its_time_nor_where_it_goes(monkeypatch):
    made = {}

    def remember(_notifier, **given):
        made.update(given)

    monkeypatch.setattr("airflow.providers.http.notifications.http.HttpNotifier.__init__", remember)
    monkeypatch.setattr(
        "airflow.providers.http.notifications.http.HttpNotifier.notify", lambda _notifier, _context: None
    )
    ours = {"extra_options": {"timeout": 9999, "allow_redirects": True, "cert": "a.pem"}}
    notifiers.send(Notifier(type="http", connection_id="hook", options=ours), ALERT)
    assert made["extra_options"] == {"timeout": notifiers.HTTP_SECONDS, "allow_redirects": False, "cert": "a.pem"}


def test_an_alert_leads_to_the_dag(monkeypatch):
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.gov/")
    assert notifiers.link("syn.court.push") == "https://airflow.example.gov/dags/syn.court.push"
    assert OPS.notifiers == (MAIL,)
