"""The queue's database through Airflow's connection ``hms_syn_db``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook, conf
from airflow.sdk.exceptions import AirflowNotFoundException

from hms_syn import settings, wiring
from hms_syn.ports import Credentials

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hms_syn.store.sql_store import SqlStore


class AuditHook(BaseHook):
    """The sync queue and its audit trail, from any Airflow process.

    :param hms_syn_conn_id: the Airflow connection that holds the database's SQLAlchemy URL in its extra field ``url``
    """

    conn_name_attr = "hms_syn_conn_id"
    default_conn_name = settings.STORE_CONNECTION
    conn_type = "generic"
    hook_name = "HMS-SYN store"

    def __init__(self, hms_syn_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.hms_syn_conn_id = hms_syn_conn_id

    @property
    def store(self) -> SqlStore:
        """Return the store, checked once per call for tables of our revision.

        :raises StoreNotConfigured: no address is known in this process · :raises StoreNotReady: run airflow db migrate
        """
        store = wiring.open_store(store_url(self.hms_syn_conn_id))
        store.check()
        return store

    def rows(self, *, after: int = 0, limit: int = 1000) -> list[Mapping[str, Any]]:
        """Return audit rows in order, from the one after ``after``."""
        return self.store.audit_rows(after=after, limit=limit)


def store_url(conn_id: str = settings.STORE_CONNECTION) -> str:
    """Return the address of the queue's database: the connection, else Airflow's own where it may be used.

    :raises StoreNotConfigured: inside a task or trigger, when the connection is missing
    """
    credentials = find_credentials(conn_id)
    if credentials is not None:
        return settings.url_of(credentials)
    return airflows_own_url() or settings.store_url()


def airflows_own_url() -> str | None:
    """Return the address of Airflow's own database; None inside a task or trigger, where Airflow hides it."""
    url = conf.get("database", "sql_alchemy_conn")
    return None if not url or url.startswith(settings.BLOCKED) else str(url)


def find_credentials(conn_id: str) -> Credentials | None:
    """Return what an Airflow Connection holds now, or None when there is none of this id."""
    try:
        connection = BaseHook.get_connection(conn_id)
    except AirflowNotFoundException:
        return None
    return credentials_of(connection)


def credentials_of(connection: Any) -> Credentials:
    """Return what of an Airflow Connection authenticates."""
    return Credentials(
        login=connection.login or "",
        password=connection.password or "",
        extra=dict(connection.extra_dejson),
    )


def runs_in_one_process() -> bool:
    """Return True under ``airflow dags test``, where a task runs inside the command and nothing is blocked."""
    return not os.environ.get("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "").startswith(settings.BLOCKED)
