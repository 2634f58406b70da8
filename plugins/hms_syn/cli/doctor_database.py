"""What ``hms-syn doctor`` says of the queue's database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hms_syn import settings, wiring
from hms_syn.cli import doctor_jobs
from hms_syn.domain.checkup import ok, problem, unseen, warning
from hms_syn.domain.durations import in_words
from hms_syn.errors import StoreNotConfigured, SynError
from hms_syn.flow.seal import lag
from hms_syn.store import airflow_toggles, checkup, schema
from hms_syn.store.desk import Desk
from hms_syn.store.engine import shown_place
from hms_syn.store.sql_store import SqlStore
from hms_syn.store.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from hms_syn.domain.checkup import Finding
    from hms_syn.ports import Credentials
    from hms_syn.store.checkup import Rights

NOTICED = 1.0
"""Seconds between two clocks that are no longer the length of a question."""
LATE = 3600.0
"""Seconds for which a new row may wait to be sealed, whatever the DAG's schedule."""
CONNECTION = settings.STORE_CONNECTION
DEFINE = f"define the Airflow connection '{CONNECTION}' with the SQLAlchemy URL in its extra field 'url'"
MIGRATE = "run 'airflow db migrate' as the owner of the tables, with the newest release that is installed anywhere"
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
    place = shown_place(url)
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
        is_pooled = checkup.is_pooled(store.engine)
    except SynError as error:
        yield problem("database", f"{place}: {error}", "is it up, and may this machine and this user reach it?")
        return
    yield ok("database", "it answers")
    yield pooler(is_pooled=is_pooled)
    yield clock(skew)
    try:
        store.check()
        yield ok("tables", f"they are at revision {schema.HEAD}, as this release needs")
    except SynError as error:
        yield problem("tables", str(error), MIGRATE)
        return
    try:
        yield privileges(store.look(checkup.rights))
        yield _audit(store.look(checkup.missing_triggers))
        yield sealing(lag(Tree(store)))
    except SynError as error:
        yield unseen("rights", str(error))
    yield _signing()
    yield from _left_behind(store)


def _left_behind(store: SqlStore) -> Iterator[Finding]:
    try:
        yield doctor_jobs.left_behind(Desk(store).registered())
    except SynError as error:
        yield unseen("left behind", str(error))


def pooler(*, is_pooled: bool) -> Finding:
    """Return what is to be said of a pooler in the way; one that keeps a connection for its client is none."""
    if is_pooled:
        return problem(
            "pooler",
            "a pooler lends one connection to several clients in turn: what we set would hold for others",
            "have it keep a connection for its client (PgBouncer: pool_mode = session), or connect past it",
        )
    return ok("pooler", "connections are our own")


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


def sealing(late: float) -> Finding:
    """Return what is to be said of rows that have been waiting to be sealed for so many seconds."""
    if late < LATE:
        return ok("seal", "the audit trail is sealed, or about to be")
    return warning(
        "seal",
        f"the audit trail's oldest new row has not been sealed for {in_words(round(late))}",
        "is the DAG syn.audit on, and green? 'hms-syn audit checkpoint' seals too",
    )


def _signing() -> Finding:
    try:
        signer = wiring.notary().signer
    except SynError as error:
        return problem("audit key", str(error), "correct it on every machine that runs tasks")
    if signer is None:
        return warning(
            "audit key", "tree heads are not signed: [hms_syn] audit_key_file is empty", "make one: 'hms-syn audit key'"
        )
    return ok("audit key", f"tree heads are signed as {signer.name}+{signer.verifier.key_hash.hex()}")


def _some(words: Sequence[str], most: int = 3) -> str:
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more
