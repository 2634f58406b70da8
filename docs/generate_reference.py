"""Writes docs/reference/ from the code itself; a test writes it again and compares.

.venv/bin/python docs/generate_reference.py [FOLDER]
"""

# ruff: noqa: INP001 - a script of the documentation, not a package

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib
import inspect
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy

from hms_syn import errors, settings
from hms_syn.adapters import registry
from hms_syn.cli import main
from hms_syn.cli.commands import COMMANDS
from hms_syn.domain import delivery, durations
from hms_syn.job_files import meanings, model, vendor_requests
from hms_syn.store import tables, views
from hms_syn.store.sql_store import SqlStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

HERE = Path(__file__).resolve().parent
PACKAGE = Path(errors.__file__).resolve().parent
GENERATED = "<!-- Written by docs/generate_reference.py from the code; edit that, not this. -->"
NEXT = {
    errors.LoginRefused: "The message waits; the vendor is asked again a minute later at the earliest.",
    errors.TryAgain: "The message waits and is tried again; Airflow shows *up for retry*.",
    errors.OutcomeUnknown: "As `on_unknown` says: the vendor is asked, or the message sent again, or held.",
    errors.Refused: "The message is set aside as a dead letter and the next one goes on; with `on_refused: block` its "
    "line waits for an officer.",
    errors.NeedsOfficer: "A person changes something; a message waits meanwhile.",
    errors.StaleLease: "The late result is noted and not accepted; the newer worker goes on.",
    errors.SynError: "",
}
VIEWS = {
    "hms_syn_head_v": "Why nothing moves: the head of line of each job, its key, the cause, and when it is tried next.",
    "hms_syn_delivery_v": "One row for each message and job: where it stands.",
    "hms_syn_attempt_v": "One row for each try; `outcome` is null while it is being made.",
    "hms_syn_audit_v": "The audit trail, exactly as it was hashed.",
    "hms_syn_vendor_v": "One row for each job: its vendor, and its state as far as it is known.",
    "hms_syn_tree_head_v": "The tree over the audit trail each time it grew: how many rows, their root, the note.",
}
HELPERS = {"_failed": "", "NoWholeAnswerError": "", "unknown": "The vendor's answer proves nothing."}
"""Functions that make an error from a code, and their sentence where the call has none."""
MORE_CODES = {
    ("html", "The vendor's answer proves nothing: it is a web page."),
    ("hl7_ae", "The engine refused this message, without a number of table 0357 (`hl7_ce`: likewise)."),
    ("hl7_ar", "The engine cannot take this message now, without a number of table 0357 (`hl7_cr`: likewise)."),
    ("hl7_101", "The engine refused this message, with this error of table 0357 (likewise 100 to 104, 198, 199, 204)."),
    ("hl7_200", "The engine does not take this kind of message (likewise 201 to 203); correct push.request."),
    ("hl7_206", "The engine cannot take this message now: the record is locked (`hl7_207`: its own trouble)."),
    ("bad_xml", "The vendor's answer proves nothing: it is not XML."),
    ("dtd", "The vendor's answer proves nothing: it brings a DTD, which is not read."),
    ("not_soap", "The vendor's answer proves nothing: it is not a SOAP envelope."),
    ("tls", "The vendor's certificate or TLS could not be accepted; nothing was sent."),
    ("client_cert", "What the connection's 'client_cert' and 'client_key' name cannot be used; the message says why."),
    ("tls_expired", "The vendor's certificate has expired; nothing was sent."),
    ("tls_not_yet_valid", "The vendor's certificate is not valid yet; nothing was sent."),
    ("tls_unknown_ca", "Nobody we know vouches for the vendor's certificate; nothing was sent."),
    ("tls_wrong_host", "The vendor's certificate is for another name; nothing was sent."),
    ("not_found", "The vendor, when asked, did not have the message, and no attempt was left."),
    ("cannot_open", "The row was altered, or its key's id stands for another key; its line waits for an officer."),
    ("key_missing", "The key that the row is sealed with is not in the keys file; its line waits for an officer."),
    ("undecodable", "This release cannot read the row; nothing was sent, and its line waits for an officer."),
    ("worker_lost", "The worker was lost after it had put its intent on record; the vendor may have the message."),
}
NOTES = {"job.heartbeat": "See [the heartbeat](../heartbeat.md)."}


def pages() -> dict[str, str]:
    """Return every page by its file name."""
    made = (commands(), options(), error_tree(), adapters(), database(), job_file())
    names = ("commands", "settings", "errors", "adapters", "tables", "job-file")
    return {f"{name}.md": f"{GENERATED}\n{text.strip()}\n" for name, text in zip(names, made, strict=True)}


def commands() -> str:
    """Return every command with its arguments."""
    parts = ["# Commands", "", "Each is also there as `airflow hms-syn …`.", "", "```text", main.EPILOG, "```"]
    for command in COMMANDS:
        parser = argparse.ArgumentParser(prog=f"hms-syn {command.name}", add_help=False)
        for argument in command.arguments:
            parser.add_argument(*argument.flags, **argument.options)
        usage = " ".join(parser.format_usage().removeprefix("usage: ").split())
        parts += [f"\n## hms-syn {command.name}\n", _sentence(command.help), f"\n```text\n{usage}\n```\n"]
        rows = [
            (_flags(argument.flags, argument.options), argument.options.get("help", ""))
            for argument in command.arguments
        ]
        parts += [_table(("argument", "meaning"), rows)] if rows else []
    return "\n".join(parts)


def options() -> str:
    """Return every setting with its default."""
    rows = [
        (
            f"`{name}`",
            f"`{option.default}`" if option.default else "empty",
            option.meaning,
            f"`AIRFLOW__HMS_SYN__{name.upper()}`",
        )
        for name, option in settings.OPTIONS.items()
    ]
    text = "They stand under `[hms_syn]` in `airflow.cfg`, or in the environment, which wins."
    return f"# Settings\n\n{text}\n\n{_table(('setting', 'default', 'meaning', 'environment'), rows)}"


def error_tree() -> str:
    """Return the tree of errors, what each means, and every code with the sentence it comes with."""
    tree = inspect.cleandoc(errors.__doc__ or "").split("\n\n")[1]
    rows = [
        (
            f"`{error.__name__}`",
            f"`{error.code}`",
            error.__doc__ or "",
            NEXT[next(kind for kind in NEXT if issubclass(error, kind))],
        )
        for error in _descendants(errors.SynError)
    ]
    codes = sorted({(code, text) for path in sorted(PACKAGE.rglob("*.py")) for code, text in _codes(path)} | MORE_CODES)
    outcomes = ", ".join(f"`{outcome.value}`" for outcome in delivery.Outcome)
    return "\n\n".join(
        (
            "# Errors",
            "The branch of an error decides what happens next; its text is for people.",
            f"```text\n{inspect.cleandoc(tree)}\n```",
            _table(("error", "code", "meaning", "what happens next"), rows),
            "## Codes of an attempt",
            f"An attempt ends as one of {outcomes}, with the code of its error or one of these:",
            _table(("code", "what it says"), [(f"`{code}`", text) for code, text in codes]),
        )
    )


def adapters() -> str:
    """Return every installed adapter of ours with the keys of its request."""
    parts = ["# Adapters", "An adapter speaks one vendor's dialect. Others come from packages that name theirs in the "]
    parts[-1] += f"entry point group `{registry.ENTRY_POINT_GROUP}`."
    for name in registry.known_adapters():
        kind: Any = registry.load_adapter(name)
        if not kind.__module__.startswith("hms_syn."):
            continue
        parts += [
            f"## {name}",
            inspect.cleandoc(importlib.import_module(kind.__module__).__doc__ or "").replace("``", "`"),
        ]
        known = vendor_requests._KEYS  # noqa: SLF001 - the table of these keys is the module's own
        rows = [
            (
                way,
                ", ".join(f"`{key}`" + (f" (`{'`, `'.join(inner)}`)" if inner else "") for key, inner in keys.items()),
            )
            for (adapter, way), keys in known.items()
            if adapter == name
        ]
        parts.append(_table(("side", "keys of `request`"), rows) if rows else "It takes no `request`.")
    return "\n\n".join(parts)


def database() -> str:
    """Return the views to read, and the tables behind them."""
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(SqlStore(f"sqlite:///{folder}/q.db")) as store:
        store.create()
        look = sqlalchemy.inspect(store.engine)
        columns_of = {view: [column["name"] for column in look.get_columns(view)] for view in views.NAMES}
    parts = [
        "# Views and tables",
        "The views are for reading, and stay as they are. Times in them are timestamps in UTC.",
    ]
    for view, columns in columns_of.items():
        parts += [f"## {view}", VIEWS[view], ", ".join(f"`{column}`" for column in columns)]
    states = ", ".join(f"`{state.value}`" for state in delivery.State)
    outcomes = ", ".join(f"`{outcome.value}`" for outcome in delivery.Outcome)
    parts.append(f"States: {states}. Outcomes: {outcomes}.")
    rows = [
        (f"`{table.name}`", ", ".join(f"`{column.name}`" for column in table.columns))
        for table in tables.metadata.sorted_tables
    ]
    parts += [
        "## The tables behind them",
        "They are ours and change between releases. Times are microseconds since 1970 UTC.",
    ]
    return "\n\n".join([*parts, _table(("table", "columns"), rows)])


def job_file() -> str:
    """Return every key of a job file: its default, what may stand there, what it means."""
    parts = ["# The job file", "A key that is not here is an error, at every level."]
    schemas = model.JobFile.model_json_schema(by_alias=True)
    for path, section in model.SECTIONS.items():
        shape = schemas if section is model.JobFile else schemas["$defs"][section.__name__]
        rows = []
        for name, field in section.model_fields.items():
            key = field.alias or name
            dotted = ".".join((*path, key))
            if (*path, key) in model.SECTIONS:
                continue
            allowed = _allowed(shape["properties"][key])
            meaning = meanings.MEANINGS[dotted] if allowed != REFUSED else ""
            rows.append((f"`{key}`", "" if allowed == REFUSED else _default(field, allowed), allowed, meaning))
        title = ".".join(path) or "The file"
        said = " ".join((_sentence(section.__doc__ or ""), NOTES.get(title, ""))).strip()
        parts += [f"## {title}", said, _table(("key", "default", "value", "meaning"), rows)]
    return "\n\n".join(parts)


REFUSED = "not in this release: leave it out"


def _allowed(shape: dict[str, Any]) -> str:
    """Return in words what may stand for a key, from its JSON Schema."""
    if "anyOf" in shape:
        return _allowed(shape["anyOf"][0])
    if "const" in shape:
        return f"only `{shape['const']}` in this release"
    kinds = [shape["type"]] if isinstance(shape["type"], str) else list(shape["type"])
    if kinds == ["null"]:
        return REFUSED
    if "enum" in shape:
        return ", ".join(f"`{choice}`" for choice in shape["enum"])
    if "pattern" in shape:
        return {durations.DURATION: "duration", durations.SIZE: "size", durations.RATE: "rate, such as `10/s`"}[
            shape["pattern"]
        ]
    words = {
        "string": "text",
        "array": "list",
        "object": "map",
        "boolean": "`true` or `false`",
        "integer": "number",
        "null": "nothing",
    }
    text = " or ".join(words.get(kind, kind) for kind in kinds)
    if "minimum" in shape:
        text += f", {shape['minimum']:g}" + (f" to {shape['maximum']:g}" if "maximum" in shape else " or more")
    return text


def _default(field: Any, allowed: str) -> str:
    value = field.get_default(call_default_factory=True)
    if value in (None, "", (), {}):
        return ""
    if isinstance(value, tuple):
        return ", ".join(f"`{item}`" for item in value)
    if allowed == "duration" or (isinstance(value, float) and "text" in allowed):
        return durations.in_words(value)
    if allowed == "size":
        return f"{value // 1024**2}MiB"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _codes(path: Path) -> Iterator[tuple[str, str]]:
    """Yield each literal ``code=`` of a raised error with the sentence beside it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            given = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
            text = _words(node.args[-1]) if node.args else ""
            helper = getattr(node.func, "id", "") or getattr(node.func, "attr", "")
            if helper in HELPERS:
                given = [part for argument in node.args for part in ast.walk(argument) if _literals(part)]
                text = HELPERS[helper] or text
            if " " in text:
                yield from ((code, text) for value in given for code in _literals(value))


def _literals(node: ast.AST) -> list[str]:
    text = _words(node)
    return [text] if not isinstance(node, ast.Name) and re.fullmatch(r"[a-z][a-z0-9_…]+", text) else []


def _words(node: ast.AST) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_words(part) for part in node.values)
    return "…"


def _descendants(error: type[errors.SynError]) -> Iterator[type[errors.SynError]]:
    yield error
    for child in error.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from _descendants(child)


def _flags(flags: Sequence[str], given: Any) -> str:
    value = given.get("metavar") or ("" if given.get("action") or not flags[0].startswith("-") else "VALUE")
    return f"`{value or flags[0]}`" if not flags[0].startswith("-") else f"`{' '.join((flags[0], value)).strip()}`"


def _sentence(text: str) -> str:
    text = text.strip()
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def write(folder: Path) -> None:
    """Write every page into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "reference")
