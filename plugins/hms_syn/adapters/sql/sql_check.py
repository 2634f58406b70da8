"""Whether a job and its database fit together, asked before any message is at stake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hms_syn import errors
from hms_syn.adapters import mapping
from hms_syn.adapters.sql import sql_calls, sql_rows, sql_source
from hms_syn.adapters.sql.sql_values import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hms_syn.adapters.sql.sql_rows import Target
    from hms_syn.adapters.sql.sql_session import Session
    from hms_syn.domain.job_spec import JobSpec, Pull, Push

SQL = "sql.table.v1"
_KEY_CHARS = 36
"""A UUID as text."""
_PLACES = {"url_refused": "connection_id", "url_differs": "connection_id", "file_not_allowed": "connection_id"}


def problems(job: JobSpec, session: Callable[[str], Session]) -> list[tuple[str, str]]:
    """Return (dotted key, what is wrong and what to do): of the job by itself, else of it beside the catalog."""
    found = list(_by_itself(job))
    if found:
        return found
    try:
        if job.push is not None and job.push_adapter == SQL:
            found += _push(job.push, session("push"))
        if job.pull is not None and job.pull_adapter == SQL:
            found += _pull(job.pull, session("pull"))
    except errors.LoginRefused as error:
        found.append(("job.connection_id", str(error)))
    except errors.ContractMismatch as error:
        key = f"job.{_PLACES[error.code]}" if error.code in _PLACES else "job.target_endpoint"
        found.append((key, str(error)))
    except (errors.TryAgain, errors.OutcomeUnknown) as error:
        found.append(("job.target_endpoint", f"{error} Check the endpoint, 'allow_private' and the connection."))
    return found


def _by_itself(job: JobSpec) -> Iterator[tuple[str, str]]:
    push, pull = job.push, job.pull
    if push is not None and job.push_adapter == SQL:
        if ("table" in push.request) == ("call" in push.request):
            yield "job.push.request", "write one of 'table' and 'call'."
        if "table" in push.request and "key" not in push.request:
            yield "job.push.request", "add 'key': the column that takes the idempotency key, with a unique index."
        if push.find is not None:
            yield "job.push.find", f"{SQL} looks for the row by its key; leave 'find' out."
        try:
            mapping.check_expressions({name: name for name in push.success}, key="push.success")
        except errors.ContractMismatch as error:
            yield "job.push.success", str(error)
    if pull is not None and job.pull_adapter == SQL:
        if ("table" in pull.request) == ("select" in pull.request):
            yield "job.pull.request", "write one of 'table' and 'select'."
        elif "select" in pull.request:
            try:
                sql_source.statement_of(str(pull.request["select"]))
            except errors.ContractMismatch as error:
                yield "job.pull.request.select", str(error)


def _push(push: Push, session: Session) -> Iterator[tuple[str, str]]:
    with session.transaction() as connection:
        if "call" in push.request:
            try:
                sql_calls.routine(connection, push, None)
            except errors.ContractMismatch as error:
                if error.code != errors.ContractMismatch.code:
                    raise
                yield "job.push.request.call", str(error)
            return
        try:
            target = sql_rows.target(connection, push)
        except errors.ContractMismatch as error:
            if error.code != errors.ContractMismatch.code:
                raise
            yield ("job.push.request.key" if "request.key" in str(error) else "job.push.request.table"), str(error)
            return
    yield from _of_target(target)


def _of_target(target: Target) -> Iterator[tuple[str, str]]:
    key = target.key
    if not target.unique:
        yield (
            "job.push.request.key",
            f"column {shown(key.name)} has no unique constraint or index of its own, so that a message "
            "sent again could become a second row; add one.",
        )
    length = getattr(key.type, "length", None)
    if length is not None and length < _KEY_CHARS:
        yield (
            "job.push.request.key",
            f"column {shown(key.name)} holds {length} characters; an idempotency key has {_KEY_CHARS}.",
        )
    try:
        target.reference()
    except errors.ContractMismatch as error:
        yield "job.push.ack", str(error)
    if target.push.mapping is None:
        return
    try:
        columns = target.columns(target.push.mapping)
    except errors.ContractMismatch as error:
        yield "job.push.mapping", str(error)
        return
    given = {column.name for column in columns.values()} | {key.name}
    for column in target.table.columns:
        is_filled = column.nullable or column.server_default is not None or column.identity or column.computed
        by_itself = column.primary_key and column.autoincrement in (True, "auto")
        if column.name not in given and not is_filled and not by_itself:
            yield "job.push.mapping", f"column {shown(column.name)} must have a value; add it."


def _pull(pull: Pull, session: Session) -> Iterator[tuple[str, str]]:
    with session.transaction() as connection:
        try:
            source = sql_source.source(connection, pull)
        except errors.ContractMismatch as error:
            if error.code != errors.ContractMismatch.code:
                raise
            yield "job.pull.request" if "pull.request" in str(error) else "job.pull.cursor", str(error)
            return
    if source.takes_since and (pull.cursor is None or pull.cursor.initial is None):
        yield "job.pull.cursor", "the SELECT takes :since; add 'initial', which the first pull asks for."
