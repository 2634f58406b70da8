"""The page about backup and restore, walked with its own commands: a dump under load, a disaster, and back to order."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from tests.docs import pages
from tests.harness.cli import Cli
from tests.harness.courts import court
from tests.harness.postgres import binaries
from tests.harness.waiting import eventually

PAGE = pages.DOCS / "backup.md"
TOPIC, OTHER = "hud.hearing.created", "county.hearing.created"
EARLY, LATE = 40, 60
"""How many hearings are published before the backup, and by the disaster."""


def commands(title, dialect):
    """Return the page's blocks of one section, without those for the other kind of database."""
    section = pages.text_of(PAGE).partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    other = {"sqlite": "pg_", "postgresql": "airflow.db"}[dialect]
    return [block for block in blocks if other not in block]


class Installation:
    """A queue, its operator's shell, and what is done by the page."""

    def __init__(self, home: Path, url: str) -> None:
        self.dialect = make_url(url).get_backend_name() if url else "sqlite"
        self.cli = Cli(home, url=url)
        shutil.copy(pages.DOCS / "examples" / "after_a_restore.py", home)
        ours = (str(Path(sys.executable).parent), binaries())
        self.cli.environment["PATH"] = os.pathsep.join([*ours, self.cli.environment["PATH"]])
        if url:
            parsed = make_url(url)
            self.cli.environment["QUEUE"] = f"postgresql://postgres@/{parsed.database}?host={parsed.query['host']}"

    def follow(self, title: str, *, first: int | None = None) -> str:
        """Run what a section of the page says, or its first blocks; return what it printed."""
        printed = []
        for block in commands(title, self.dialect)[:first]:
            done = self.cli.execute(["bash", "-euc", block], timeout=120)
            assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"
            printed.append(done.stdout)
        return "".join(printed)

    def destroy(self) -> None:
        """Lose the database."""
        if self.dialect == "sqlite":
            for file in self.cli.home.glob("airflow.db*"):
                file.unlink()
            return
        parsed = make_url(self.cli.url)
        admin = create_engine(parsed.set(database="postgres", drivername="postgresql+psycopg"))
        with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"DROP DATABASE {parsed.database} WITH (FORCE)"))
            connection.execute(text(f"CREATE DATABASE {parsed.database}"))
        admin.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def installation(request, tmp_path):
    return Installation(
        tmp_path / "home", request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    )


def hearings(cli, topic, numbers):
    """Publish one hearing a number, as a publisher that gives its own ids; return those."""
    ids = [f"{topic}-{number}" for number in numbers]
    cli.publish(topic, *({"case_id": f"HUD-{number}", "date": "2024-09-02"} for number in numbers), ids=ids)
    return ids


def states(cli, job):
    with cli.store() as store, store.engine.connect() as connection:
        rows = connection.execute(
            text("SELECT message_id, state FROM hms_syn_delivery_v WHERE job = :job"), {"job": job}
        )
        return {row.message_id: row.state for row in rows}


@pytest.mark.timeout(240)
def test_after_a_disaster_nothing_is_lost_and_nothing_arrives_twice(installation, tmp_path):
    """A dump under load; deliveries and events after it; everything lost; restored by the page; published again."""
    cli = installation.cli
    (tmp_path / "blind").mkdir()
    with court(tmp_path) as calendar, court(tmp_path / "blind") as blind:
        job = cli.listening(cli.job(calendar.endpoint))
        hold = cli.listening(cli.job(blind.endpoint, name="blind", source_topic=OTHER, push={"on_unknown": "hold"}))
        hearings(cli, TOPIC, range(EARLY))
        held = hearings(cli, OTHER, range(3))
        with cli.start("run", job) as worker:
            eventually(lambda: worker.out.count("COURT-") > EARLY // 4, what="traffic")
            installation.follow("Back up")
            later = hearings(cli, TOPIC, range(EARLY, LATE))
            eventually(lambda: set(states(cli, "court").values()) == {"delivered"}, what="all at the court")
        assert cli("run", hold, "--until-settled").returncode == 0
        (cli.home / "trail.ndjson").write_text(cli("audit", "export").stdout, encoding="utf-8")

        installation.destroy()
        installation.follow("Restore")
        waits = [name for name, state in states(cli, "court").items() if state != "delivered"]
        assert waits, "the backup was made under load"
        findings = [
            line.split() for line in installation.follow("What happened since the backup", first=1).splitlines()
        ]
        assert [line[1] for line in findings if line[0] == "gone"] == later
        told = {line[1]: line for line in findings if line[0] == "delivered"}
        assert sorted(told) == sorted([*waits, *held])

        assert cli("pause", "blind", "--reason", "restored from a backup").returncode == 0
        for message in held:
            assert (
                cli("discard", message, "--reason", f"delivered before the restore: {told[message][3]}").returncode == 0
            )
        assert cli("resume", "blind", "--reason", "all are accounted for").returncode == 0
        hearings(cli, TOPIC, range(EARLY, LATE + 2))
        for each in (job, hold):
            assert cli("run", each, "--until-settled").returncode == 0
        at_court, at_blind = calendar.received(), blind.received()
    assert [hearing["case_id"] for hearing in at_court["hearings"]] == [f"HUD-{number}" for number in range(LATE + 2)]
    assert [hearing["arrivals"] for hearing in at_blind["hearings"]] == [1, 1, 1]
    assert list(states(cli, "court").values()) == ["delivered"] * (LATE + 2)
    installation.follow("Start again")
