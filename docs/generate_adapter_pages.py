"""Writes the tables of ``request`` keys into docs/adapters/ from the code; a test writes them again and compares.

.venv/bin/python docs/generate_adapter_pages.py
"""

# ruff: noqa: INP001 - a script of the documentation, not a package

from __future__ import annotations

import re
from pathlib import Path

from hms_syn.adapters.hl7 import hl7_message, hl7_tables
from hms_syn.adapters.rest import rest_request
from hms_syn.job_files import vendor_requests

HERE = Path(__file__).resolve().parent / "adapters"
BLOCK = re.compile(r"(<!-- keys of (\S+), [^>]*-->\n).*?(<!-- end -->)", re.DOTALL)
METHODS = {side: " or ".join(f"`{word}`" for word in words) for side, words in rest_request.METHODS.items()}
MEANINGS = {
    ("rest.json.v1", "push", "openapi"): "The vendor's OpenAPI document, 3.0 or 3.1, a file beside the job file: "
    "`NAME.openapi.yaml` or `NAME.json`. Read by `hms-syn lint` alone.",
    ("rest.json.v1", "push", "method"): f"{METHODS['push']}. Default: the first.",
    ("rest.json.v1", "push", "path"): "Appended to `target_endpoint`, whose own path is kept. May have holes.",
    ("rest.json.v1", "push", "headers"): "Further headers. May have holes.",
    ("rest.json.v1", "push", "query"): "Parameters; a list repeats its name. May have holes.",
    ("rest.json.v1", "pull", "openapi"): "As for push.",
    ("rest.json.v1", "pull", "method"): METHODS["pull"],
    ("rest.json.v1", "pull", "path"): "As for push, without holes: there is no message.",
    ("rest.json.v1", "pull", "headers"): "Further headers.",
    ("rest.json.v1", "pull", "query"): "Further parameters, beside the cursor and the page.",
    ("rest.json.v1", "pull", "records"): "JMESPath on the answer: the list of records. Default: the answer itself.",
    ("rest.json.v1", "pull", "page"): "How a list goes on, a map of `size` (parameter that takes `page_size`), `after` "
    "(parameter that takes the token) and `next` (JMESPath to the token), or the word `link` (RFC 8288).",
    ("rest.json.v1", "find", "openapi"): "As for push. Default: that of push.",
    ("rest.json.v1", "find", "method"): METHODS["find"],
    ("rest.json.v1", "find", "path"): "As for push. With a hole it names one resource, and a 404 is a clear no.",
    ("rest.json.v1", "find", "headers"): "Further headers. May have holes.",
    ("rest.json.v1", "find", "query"): "Parameters. May have holes; there must be one somewhere.",
    ("oracle.soap.v1", "push", "wsdl"): "A file beside the job file, or a URL. Default: `<target_endpoint>?wsdl`.",
    ("oracle.soap.v1", "push", "operation"): "Name of the operation that takes a message. Default: the one that fits.",
    ("oracle.soap.v1", "push", "service"): "Name of the WSDL's service, where it has several.",
    ("oracle.soap.v1", "push", "port"): "Name of the service's port, where it has several.",
    ("oracle.soap.v1", "pull", "wsdl"): "As for push.",
    ("oracle.soap.v1", "pull", "operation"): "Name of the operation that answers records. Default: the one that fits.",
    ("oracle.soap.v1", "pull", "service"): "As for push.",
    ("oracle.soap.v1", "pull", "port"): "As for push.",
    ("oracle.soap.v1", "pull", "records"): "JMESPath on the answer: the list of records. Default: its one list.",
    ("oracle.soap.v1", "pull", "page"): "How a list goes on, a map of `size` (input that takes `page_size`), `after` "
    "(input that takes the place to go on) and `next` (JMESPath to that place).",
    ("oracle.soap.v1", "find", "operation"): "Name of the operation that looks for a message. Required.",
    (
        "oracle.soap.v1",
        "find",
        "arguments",
    ): "Its inputs, a map; `{key}` and fields of the message by the vendor's names may stand in them. Required.",
    ("fhir.r4.v1", "push", "resource"): "Type of the resource; `Bundle`, or nothing, for a transaction. Required.",
    ("fhir.r4.v1", "push", "interaction"): "`create`, `update` or `transaction`. Default: `create`.",
    ("fhir.r4.v1", "find", "resource"): "Type of the resource to search for. Default: that of push.",
    (
        "fhir.r4.v1",
        "find",
        "query",
    ): "Parameters of the search; `{key}` and elements of the resource may stand in it. Default: our identifier.",
    ("fhir.r4.v1", "pull", "resource"): "Type of the resource to search for. Required.",
    ("fhir.r4.v1", "pull", "query"): "Further parameters of the search; a list asks for each of its values.",
    ("hl7.mllp.v1", "push", "message_type"): "MSH-9.1, such as `ADT`. Required.",
    ("hl7.mllp.v1", "push", "trigger_event"): "MSH-9.2, such as `A31`. Required.",
    (
        "hl7.mllp.v1",
        "push",
        "message_structure",
    ): "MSH-9.3. Default: type and event, `ADT_A31`, where HL7 has that one.",
    ("hl7.mllp.v1", "push", "version"): f"MSH-12: {', '.join(f'`{each}`' for each in hl7_tables.VERSIONS)}. "
    f"Default: `{hl7_message.DEFAULT_VERSION}`.",
    ("sftp.csv.v1", "push", "folder"): "Below the endpoint's folder, unless it begins with `/`. Default: that folder.",
    (
        "sftp.csv.v1",
        "push",
        "file_name",
    ): "Has holes: `{key}`, the idempotency key, must be one; the others are fields of the mapping. "
    "Default: `{key}.csv`.",
    ("sftp.csv.v1", "pull", "folder"): "As for push.",
    ("sftp.csv.v1", "pull", "pattern"): "Which files: `*`, `?` and `[abc]`, case counts. Default: `*.csv`.",
    ("sql.table.v1", "push", "table"): "`TABLE` or `SCHEMA.TABLE`; also a view that takes rows.",
    ("sql.table.v1", "push", "call"): "A procedure or function in place of a table.",
    (
        "sql.table.v1",
        "push",
        "key",
    ): "With `table`, required: the column for the idempotency key, a UUID, with a unique "
    "constraint or index of its own. With `call`: the argument for it.",
    ("sql.table.v1", "pull", "table"): "The table or view to read.",
    ("sql.table.v1", "pull", "select"): "One `SELECT` or `WITH` in its place. It may take `:since`.",
    (
        "sql.table.v1",
        "pull",
        "order_by",
    ): "Columns, with commas, that no two rows share. Default for a table: the cursor's column and "
    "the primary key; the primary key is always added. Required with `select`.",
}


def table(adapter: str) -> str:
    """Return the keys of one adapter's requests with their meanings."""
    lines = ["| side | key | meaning |", "|---|---|---|"]
    for (name, side), keys in vendor_requests._KEYS.items():  # noqa: SLF001 - the table of these keys is the module's own
        if name == adapter:
            lines += [f"| {side} | `{key}` | {MEANINGS[adapter, side, key]} |" for key in keys]
    return "\n".join(lines)


def renewed(text: str) -> str:
    """Return a page with its tables written anew."""
    return BLOCK.sub(lambda found: f"{found[1]}{table(found[2])}\n{found[3]}", text)


if __name__ == "__main__":
    for page in sorted(HERE.glob("*.md")):
        page.write_text(renewed(page.read_text(encoding="utf-8")), encoding="utf-8")
