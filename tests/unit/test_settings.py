"""Settings and the address of the queue, without importing Airflow."""

from __future__ import annotations

import json

import pytest

from hms_syn import settings
from hms_syn.errors import StoreNotConfigured
from hms_syn.ports import Credentials


@pytest.fixture(autouse=True)
def _clean(monkeypatch, tmp_path):
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    for name in ("AIRFLOW_CONN_HMS_SYN_DB", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "AIRFLOW__HMS_SYN__LINGER"):
        monkeypatch.delenv(name, raising=False)


def test_the_queue_is_in_airflows_database_by_default(tmp_path):
    """With nothing said it is the SQLite file in Airflow's home."""
    assert settings.store_url() == f"sqlite:///{tmp_path}/airflow.db"


def test_airflow_cfg_is_read(tmp_path):
    """What airflow.cfg says of the database and of our settings counts."""
    (tmp_path / "airflow.cfg").write_text("[database]\nsql_alchemy_conn = postgresql://x/y\n[hms_syn]\nlinger = 3s\n")
    assert settings.store_url() == "postgresql://x/y"
    assert settings.duration("linger") == 3.0


def test_the_connection_comes_first(monkeypatch):
    """The connection hms_syn_db moves the queue elsewhere."""
    extra = {"url": "postgresql+psycopg2://q/q"}
    monkeypatch.setenv("AIRFLOW_CONN_HMS_SYN_DB", json.dumps({"conn_type": "generic", "extra": extra}))
    assert settings.store_url() == "postgresql+psycopg2://q/q"


def test_a_connection_without_an_url_is_named(monkeypatch):
    """A connection that lacks its URL says which field to fill."""
    monkeypatch.setenv("AIRFLOW_CONN_HMS_SYN_DB", '{"conn_type": "generic"}')
    with pytest.raises(StoreNotConfigured, match="extra field 'url'"):
        settings.store_url()


def test_inside_a_task_the_missing_connection_is_one_clear_sentence(monkeypatch):
    """Where Airflow hides its database, the error says which connection to define, with an example."""
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "airflow-db-not-allowed:///")
    with pytest.raises(StoreNotConfigured, match="define the Airflow connection 'hms_syn_db'") as caught:
        settings.store_url()
    assert "AIRFLOW_CONN_HMS_SYN_DB=" in str(caught.value)


def test_connections_are_found_where_this_process_is_told(monkeypatch):
    """Airflow's own face of the commands asks Airflow; when it has ended, the environment counts again."""
    monkeypatch.setenv("AIRFLOW_CONN_COURT", '{"conn_type": "hms_soap", "login": "environment"}')
    with settings.connections_from({"court": Credentials(login="airflow")}.get):
        assert settings.connection("court").login == "airflow"
        assert settings.connection("hms_syn_db") is None
    assert settings.connection("court").login == "environment"


def test_zero_turns_a_wait_off(monkeypatch):
    """0s is no wait at all."""
    monkeypatch.setenv("AIRFLOW__HMS_SYN__LINGER", "0s")
    assert settings.duration("linger") == 0.0


def test_a_password_of_a_connection_is_never_printed(monkeypatch):
    """Credentials show who, never with what."""
    monkeypatch.setenv("AIRFLOW_CONN_COURT", "hms-soap://clerk:s3cret@?wsse=basic")
    credentials = settings.connection_from_environment("court")
    assert (credentials.login, credentials.password, credentials.extra) == ("clerk", "s3cret", {"wsse": "basic"})
    assert "s3cret" not in repr(credentials)
