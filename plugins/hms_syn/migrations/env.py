"""How Alembic reaches our tables: on Airflow's database, in our own version table, blind to every other table."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from airflow import settings
from alembic import context

from hms_syn.store import schema, tables

if TYPE_CHECKING:
    from sqlalchemy import Connection


def _is_ours(_object: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:  # noqa: FBT001 - Alembic's signature
    return kind != "table" or bool(name and name.startswith("hms_syn_"))


def _connection() -> AbstractContextManager[Connection]:
    """Return the connection we were given, or one to Airflow's own database."""
    given = context.config.attributes.get("connection")
    return nullcontext(given) if given is not None else settings.get_engine().connect()


def _run() -> None:
    with _connection() as connection:
        context.configure(
            connection=connection,
            target_metadata=tables.metadata,
            version_table=schema.VERSION_TABLE,
            include_object=_is_ours,
            render_as_batch=True,
        )
        with context.begin_transaction():
            context.run_migrations()


_run()
