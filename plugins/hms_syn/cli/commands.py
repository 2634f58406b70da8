"""The table of commands. Both faces and the reference in the docs are made from it."""

from __future__ import annotations

from hms_syn.cli.audit_commands import AUDIT
from hms_syn.cli.command import JSON, Command
from hms_syn.cli.command import argument as _argument

_JOB = _argument("job", metavar="JOB", help="the job's id, as in 'hms-syn status'")
_MESSAGES = (
    _argument("ids", nargs="+", metavar="ID", help="message ids, as in 'hms-syn trace'"),
    _argument("--job", metavar="JOB", help="at this job only"),
)
_WHY = (
    _argument("--reason", required=True, metavar="TEXT", help="why; it goes into the audit trail"),
    _argument("--by", metavar="NAME", help="who (default: your login name)"),
)

COMMANDS = (
    Command(
        name="demo",
        help="the whole product in two minutes: Airflow on SQLite, three pretend vendors, one event, three receipts",
        module="demo",
        arguments=(
            _argument("--once", action="store_true", help="end when all is delivered, with exit code 0"),
            _argument("--port", type=int, default=0, help="port of Airflow's web page (default: a free one)"),
        ),
    ),
    Command(
        name="init",
        help="write what a project needs: DAG files, a jobs folder, settings for editors and for pre-commit",
        module="init",
        arguments=(
            _argument("folder", nargs="?", default=".", metavar="FOLDER", help="where (default: here)"),
            _argument(
                "--sql",
                action="store_true",
                help="write nothing; print the SQL that gives a PostgreSQL role the rights it needs, and no others",
            ),
            _argument("--role", default="hms_syn", metavar="NAME", help="the role, with --sql (default: hms_syn)"),
        ),
    ),
    Command(
        name="new",
        help="write a small job file for one kind of vendor into the jobs folder",
        module="new",
        arguments=(
            _argument("id", metavar="ID", help="the job's id, which is the file's name"),
            _argument("--adapter", required=True, metavar="NAME", help="e.g. rest.json.v1; a wrong name lists them"),
        ),
    ),
    Command(
        name="explain",
        help="print a job file with every default filled in, and where each line comes from",
        module="explain",
        arguments=(_argument("file", metavar="FILE", help="the job's YAML file"),),
    ),
    Command(
        name="lint",
        help="check job files: every problem at once, with file:line:col and what to do",
        module="lint",
        arguments=(
            _argument("paths", nargs="*", metavar="PATH", help="files or folders (default: the jobs folder)"),
            _argument("--format", choices=("text", "json", "github"), default="text", help="how to print problems"),
            _argument(
                "--offline",
                action="store_true",
                help="ask neither vendors for their contracts nor Airflow for its connections",
            ),
            _argument(
                "--store",
                action="store_true",
                help="ask the queue's database too: name jobs without a file, and what waits for them",
            ),
            _argument("--strict", action="store_true", help="exit with 1 for a warning too"),
        ),
    ),
    Command(
        name="plan",
        help="show what would change if a file replaced the job as it runs: keys, DAGs, and the very bytes of what "
        "waits; nothing is sent or written",
        module="plan",
        arguments=(
            _argument("file", metavar="FILE", help="the job's YAML file as it would be"),
            _argument(
                "--against",
                metavar="FILE",
                help="what to compare with (default: the job of this id in the jobs folder)",
            ),
            _argument("--next", type=int, metavar="K", help="show so many waiting messages (default: 3)"),
            _argument("--payload", metavar="FILE", help="show this example, or - for standard input, instead of them"),
            _argument("--topic", metavar="TOPIC", help="the example's topic (default: the job's first)"),
            _argument("--since", metavar="DURATION", help="compare also what was published in the last e.g. 7d"),
            _argument("--exit-code", action="store_true", help="exit with 3 when something would change"),
            JSON,
        ),
    ),
    Command(
        name="start",
        help="put a job file into the jobs folder, switch its DAGs on, and follow its hand-offs until Ctrl-C",
        module="start",
        arguments=(
            _argument("file", metavar="FILE", help="the job's YAML file"),
            _argument("--repin", action="store_true", help="accept the vendor's contract as it is now"),
        ),
    ),
    Command(
        name="run",
        help="do one job's pushes, pulls and heartbeat in this process, without Airflow",
        module="run",
        arguments=(
            _argument("file", metavar="FILE", help="the job's YAML file"),
            _argument(
                "--drain", action="store_true", help="end when nothing is due; exit 1 if something was not acked"
            ),
            _argument(
                "--until-settled", action="store_true", help="end when no message is open, waiting through retries"
            ),
            _argument(
                "--timeout", type=float, metavar="S", help="end after this many seconds in any case, with exit 1"
            ),
            _argument("--json", action="store_true", help="print each attempt as a JSON object on a line of its own"),
        ),
    ),
    Command(
        name="publish",
        help="publish one event and print its message id",
        module="publish",
        arguments=(
            _argument("topic", metavar="TOPIC", help="e.g. hud.hearing.created"),
            _argument("payload", metavar="JSON", help="a JSON object, or - to read it from standard input"),
            _argument("--id", dest="message_id", metavar="ID", help="your own id: the same id is one message"),
            _argument("--key", dest="ordering_key", metavar="KEY", help="the business key, e.g. a case number"),
            _argument("--agency", default="cli", help="who publishes (default: cli)"),
        ),
    ),
    Command(
        name="doctor",
        help="examine a deployment: one line a check, and what to do; exit 1 if something does not work",
        module="doctor",
        arguments=(JSON,),
    ),
    Command(
        name="status",
        help="how every job stands (counting ends at 1000), and why nothing moves",
        module="status",
        arguments=(JSON,),
    ),
    Command(
        name="trace",
        help="every hop of a message, found by its id, a key, a receipt or a value in its payload",
        module="trace",
        arguments=(_argument("key", metavar="ID|KEY", help="e.g. HUD-22-109"), JSON),
    ),
    Command(
        name="messages",
        help="messages and where they stand: open ones first, in their order; then closed ones, newest first",
        module="messages",
        arguments=(
            _argument("--job", metavar="JOB", help="at this job only"),
            _argument(
                "--state",
                choices=("pending", "in_flight", "in_doubt", "delivered", "dead_letter", "discarded", "untaken"),
                help="in this state only; untaken: events that no job took, kept for 'replay --topic --to'",
            ),
            _argument("--limit", type=int, default=50, metavar="N", help="at most so many (default: 50)"),
            JSON,
        ),
    ),
    Command(
        name="pause",
        help="stop sending for one job, here and in Airflow; it goes on accepting",
        module="pause",
        arguments=(
            _JOB,
            _argument("--until", metavar="WHEN", help="resume by itself: after 2h, or at 2030-09-02T08:00Z"),
            *_WHY,
        ),
    ),
    Command(
        name="resume",
        help="go on sending for one job, in order, here and in Airflow",
        module="resume",
        arguments=(_JOB, *_WHY),
    ),
    Command(
        name="replay",
        help="send again, with the same keys, what was set aside or blocks its line; or give a new job what it missed",
        module="replay",
        arguments=(
            _argument("ids", nargs="*", metavar="ID", help="message ids, as in 'hms-syn trace'"),
            _argument("--job", metavar="JOB", help="at this job only; without ids, all that is set aside there"),
            _argument("--code", metavar="CODE", help="only what has this code, e.g. http_422 or endpoint_changed"),
            _argument("--last", metavar="DURATION", help="only what was set aside, or published, in the last e.g. 2h"),
            _argument("--limit", type=int, default=1000, metavar="N", help="at most so many (default: 1000)"),
            _argument("--topic", metavar="PATTERN", help="events of these topics, with --to"),
            _argument("--to", metavar="JOB", help="the job that is to get what was published before it was there"),
            _argument("--dry-run", action="store_true", help="only list what would be replayed"),
            *_WHY,
        ),
    ),
    Command(
        name="discard",
        help="close messages that wait or were set aside, for good",
        module="discard",
        arguments=(*_MESSAGES, *_WHY),
    ),
    Command(
        name="resolve",
        help="end a doubt: the vendor has the message, or it is to be sent again with the same key",
        module="resolve",
        arguments=(
            *_MESSAGES,
            _argument("--delivered", action="store_true", help="the vendor has it"),
            _argument("--resend", action="store_true", help="the vendor does not have it; send it again"),
            _argument("--reference", default="", metavar="TEXT", help="the vendor's receipt, with --delivered"),
            *_WHY,
        ),
    ),
    Command(
        name="retire",
        help="take a job whose file is gone out of the register: it accepts nothing more; its record stays",
        module="retire",
        arguments=(
            _JOB,
            _argument("--to", metavar="JOB", help="give what waits, and was never tried, to this job, in order"),
            _argument("--discard", action="store_true", help="close all that is left for good"),
            *_WHY,
        ),
    ),
    Command(
        name="erase",
        help="destroy the payloads of messages that are delivered or discarded; the record stays and still verifies",
        module="erase",
        arguments=(
            _argument("ids", nargs="*", metavar="ID", help="message ids, as in 'hms-syn trace'"),
            _argument("--expired", action="store_true", help="instead of ids: all that jobs' retention has over"),
            _argument("--limit", type=int, default=10_000, metavar="N", help="with --expired, look at so many"),
            _argument("--dry-run", action="store_true", help="only list what would be erased"),
            _argument("--reason", metavar="TEXT", help="why; it goes into the audit trail (needed with ids)"),
            _WHY[1],
        ),
    ),
    Command(
        name="reconcile",
        help="prove that everything accepted stands somewhere, exactly once; exit 1 if not",
        module="reconcile",
        arguments=(_argument("--job", metavar="JOB", help="this job only"), JSON),
    ),
    *AUDIT,
    Command(
        name="keys new",
        help="make a key for sealing payloads: the first line of the keys file",
        module="keys_new",
        arguments=(
            _argument("--file", metavar="FILE", help="the keys file (default: [hms_syn] payload_keys_file)"),
            _argument("--id", metavar="ID", help="what the key is called, e.g. 2026-11 (default: the time)"),
        ),
    ),
    Command(
        name="keys rewrap",
        help="change every sealed message to the newest key, in batches; stopped, it goes on at the next call",
        module="keys_rewrap",
        arguments=(
            _argument("--batch", type=int, default=500, metavar="N", help="messages a transaction (default: 500)"),
        ),
    ),
    Command(
        name="keys status",
        help="how many messages each key still opens; exit 1 if one is needed and not in the file",
        module="keys_status",
        arguments=(JSON,),
    ),
)
GROUPS = {"audit": "the audit trail", "keys": "the keys that payloads are sealed with"}
