"""Connections that die: before anything was committed it is done again, after that nobody knows, and it says so."""

from __future__ import annotations

import contextlib

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from hms_syn.errors import StoreUnavailable


def dead(statement):
    """Return what SQLAlchemy raises when its connection breaks."""
    return OperationalError(statement, {}, Exception("gone"), connection_invalidated=True)


@contextlib.contextmanager
def once(engine, name, act):
    """Let something happen at the next event of this name that is not a reader's."""
    left = [1]

    def listener(connection):
        if left and not connection.get_execution_options().get("hms_syn_reading"):
            left.clear()
            act(connection)

    event.listen(engine, name, listener)
    yield
    event.remove(engine, name, listener)
    assert not left


def test_a_connection_found_dead_costs_nothing(sql_store):
    """What was not begun is done on another connection, once."""
    done = []

    def die(_connection):
        raise dead("BEGIN")

    with once(sql_store.engine, "begin", die):
        sql_store.write(lambda _connection: done.append(1))
    assert done == [1]


def test_a_commit_whose_answer_is_lost_is_not_done_again(sql_store):
    """The caller is told that the database did not answer; it alone knows whether to ask or to repeat."""
    done = []

    def lose(connection):
        connection.connection.commit()
        raise dead("COMMIT")

    with once(sql_store.engine, "commit", lose), pytest.raises(StoreUnavailable):
        sql_store.write(lambda _connection: done.append(1))
    assert done == [1]
