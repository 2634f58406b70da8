"""What ``hms-syn doctor`` says of the queue's database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hms_syn import settings
from hms_syn.domain.checkup import ok, problem, unseen, warning
from hms_syn.errors import StoreNotConfigured, SynError
from hms_syn.store import airflow_toggles, checkup, schema, sound_files
from hms_syn.store.sql_store import SqlStore

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from hms_syn.domain.checkup import Finding
    from hms_syn.ports import Credentials
    from hms_syn.store.checkup import Rights

NOTICED = 1.0
"""Seconds between two clocks that are no longer the length of a question."""
CONNECTION = settings.STORE_CONNECTION
DEFINE = f"define the Airflow connection '{CONNECTION}' with the SQLAlchemy URL in its extra field 'url'"
GRANTS = "run what 'hms-syn init --sql' prints, as the owner of the tables"


def look(find: Callable[[str], Credentials | None]) -> Generator[Finding, None, str | None]:
    """Yield what is to be said of the database that tasks and triggers use; return its address, or None."""
    try:
        found = find(CONNECTION)
        url = None if found is None else settings.url_of(found)
    except StoreNotConfigured as error:
        yield problem("connection", str(error), DEFINE)
        return None
    if url is None:
        yield problem("connection", f"there is no '{CONNECTION}': tasks and triggers cannot find the queue", DEFINE)
        return None
    try:
        store = SqlStore(url)
    except SynError:
        yield problem("connection", f"'{CONNECTION}' holds no address of PostgreSQL or SQLite in 'url'", DEFINE)
        return None
    place = checkup.shown_place(url)
    yield ok("connection", f"'{CONNECTION}' is {place}")
    try:
        yield from _database(store, url, place)
    finally:
        store.close()
    return url


def _database(store: SqlStore, url: str, place: str) -> Iterator[Finding]:
    try:
        checkup.refuse_a_missing_file(url)
        skew = store.look(checkup.skew)
    except SynError as error:
        yield problem("database", f"{place}: {error}", "is it up, and may this machine and this user reach it?")
        return
    yield ok("database", "it answers")
    yield clock(skew)
    try:
        store.check()
        yield ok("tables", f"they are at revision {schema.HEAD}, as this release needs")
    except SynError as error:
        yield problem("tables", str(error), "run 'airflow db migrate' as the owner of the tables")
        return
    try:
        yield privileges(store.look(checkup.rights))
        yield _audit(store.look(checkup.missing_triggers))
        if parked := store.look(sound_files.parked):
            yield _parked(parked)
    except SynError as error:
        yield unseen("rights", str(error))


def _parked(jobs: Sequence[str]) -> Finding:
    said = f"the job file of {_some(jobs)} is gone, and messages wait for it"
    return warning("parked", said, "put the file back, or discard what waits ('hms-syn messages', 'hms-syn discard')")


def clock(skew: float) -> Finding:
    """Return what is to be said of two clocks so many seconds apart."""
    said = f"the database's is {abs(skew):.1f} s {'ahead of' if skew > 0 else 'behind'} this machine's"
    todo = "have both kept by one time service"
    if abs(skew) >= airflow_toggles.SKEW:
        return problem("clocks", said + ", so nobody can tell who paused a job", todo)
    if abs(skew) >= NOTICED:
        return warning("clocks", said, todo)
    return ok("clocks", "this machine's and the database's agree")


def privileges(rights: Rights | None) -> Finding:
    """Return what is to be said of the rights of the database's user."""
    if rights is None:
        return ok("rights", "SQLite has no users: whoever may write the file may change all of it")
    if rights.missing:
        return problem("rights", f"the user {rights.user} lacks {_some(rights.missing)}", GRANTS)
    if rights.too_many:
        return warning("rights", f"the user {rights.user} {' and '.join(rights.too_many)}", GRANTS)
    return ok("rights", f"the user {rights.user} may do what it must, and cannot change the audit trail")


def _audit(missing: set[str]) -> Finding:
    if missing:
        return problem(
            "audit trail",
            f"its rows can be changed: {', '.join(sorted(missing))} is gone or switched off",
            "find out who did that, run 'hms-syn audit verify', then restore the trigger from a backup",
        )
    return ok("audit trail", "its triggers refuse changes")


def _some(words: Sequence[str], most: int = 3) -> str:
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more
