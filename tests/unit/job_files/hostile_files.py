"""Files that mean harm, are no text, or are no files at all; of each the place and the words of a problem."""

from __future__ import annotations

import gzip
import os
from pathlib import Path  # noqa: TC003 - as in the tests

HEAD = "job:\n  name: C\n  push_adapter: rest.json.v1\n  source_topic: a.b\n  target_endpoint: https://court.example.gov/\n"
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
DEEP = "nested deeper than 20 levels"
NO_CRON = "not a cron expression"


def after_head(text: str) -> bytes:
    """Return a sound job with more text behind it."""
    return (HEAD + text).encode()


TEXTS: dict[str, tuple[bytes, str, str]] = {
    "brackets": (b"[" * 2000, "1:21", DEEP),
    "braces": (b"{a: " * 15000, "1:81", DEEP),
    "block_nesting": (b"".join(b" " * depth + b"a:\n" for depth in range(350)), "21:21", DEEP),
    "dashes": (b"- " * 30000, "1:41", DEEP),
    "nested_value": (after_head("  push: {mapping: {a: " + "[" * 500 + "]" * 500 + "}}\n"), "6:39", DEEP),
    "anchor_bomb": (BOMB.encode(), "1:4", "anchors"),
    "recursive": (b"job: &a [*a]\n", "1:6", "anchors"),
    "many_aliases": (after_head("  tags: [" + "*a, " * 10000 + "]\n"), "6:10", "aliases"),
    "too_large": (b"#" * (64 * 1024 + 1), "1:1", "larger than 64 KiB"),
    "much_too_large": (b"a: b\n" * 400_000, "1:1", "larger than 64 KiB"),
    "not_utf_8": (HEAD.encode() + b"  owner: \xff\xfe\n", "6:1", "not UTF-8"),
    "latin_1": (HEAD.encode() + "  owner: Gerichtshöfe\n".encode("latin-1"), "6:1", "not UTF-8"),
    "utf_16": (HEAD.encode("utf-16"), "1:1", "not UTF-8"),
    "utf_16_without_mark": (HEAD.encode("utf-16-le"), "1:2", "U+0000"),
    "utf_32": (HEAD.encode("utf-32"), "1:1", "not UTF-8"),
    "overlong": (HEAD.encode() + b"  owner: \xc0\xaf\n", "6:1", "not UTF-8"),
    "surrogate": (HEAD.encode() + b"  owner: \xed\xa0\x80\n", "6:1", "not UTF-8"),
    "packed": (gzip.compress(HEAD.encode(), mtime=0), "1:1", "not UTF-8"),
    "nul": (HEAD.encode() + b"  owner: a\x00b\n", "6:11", "U+0000"),
    "escape_sequence": (after_head("  owner: \x1b[31mred\n"), "6:10", "U+001B"),
    "old_mac_lines": (HEAD.replace("\n", "\r").encode(), "1:5", "line ends"),
    "windows_lines": ((HEAD + "  ownr: x\n").replace("\n", "\r\n").encode(), "6:3", "did you mean 'owner'"),
    "windows_lines_hidden": ((HEAD + "  owner: \u202ex\n").replace("\n", "\r\n").encode(), "6:10", "U+202E"),
    "byte_order_mark": ((HEAD + "  ownr: x\n").encode("utf-8-sig"), "6:3", "did you mean 'owner'"),
    "mark_twice": (b"\xef\xbb\xbf" + HEAD.encode("utf-8-sig"), "1:1", "U+FEFF"),
    "line_separators": (after_head("  owner: a\u2028  enabled: false\n"), "6:11", "U+2028"),
    "many_keys": (after_head("".join(f"  key{n}: 1\n" for n in range(5000))), "6:3", "unknown key"),
    "many_sections": (after_head("".join(f"  retry{n}: {{a: 1}}\n" for n in range(3000))), "6:3", "mean 'retry'"),
    "many_duplicates": (after_head("  owner: x\n" * 4000), "7:3", "duplicate key"),
    "many_windows": (
        after_head("  maintenance:\n" + "".join(f"  - {{from: '1', timezone: Zone{n}}}\n" for n in range(1500))),
        "6:3",
        "at most 100",
    ),
    "hundred_windows": (
        after_head("  maintenance:\n" + "".join(f"  - {{timezone: Zone/Number{n}}}\n" for n in range(100))),
        "7:16",
        "not a time zone",
    ),
    "many_notifiers": (after_head("  alerts: {notifiers: [" + "{}," * 20000 + "]}\n"), "6:12", "at most 100"),
    "many_requests": (
        after_head("  push: {request: {" + ",".join(f"pathh{n}: 1" for n in range(4500)) + "}}\n"),
        "6:20",
        "mean 'path'",
    ),
    "many_networks": (after_head("  allow_private: [" + "x," * 30000 + "]\n"), "6:19", "not a network"),
    "many_topics": (HEAD.replace("a.b", "[" + "a/," * 20000 + "]").encode(), "4:3", "not a topic"),
    "many_expressions": (
        after_head("  push: {mapping: {" + ",".join(f"a{n}: 'a['" for n in range(4000)) + "}}\n"),
        "6:24",
        "not a JMESPath expression",
    ),
    "many_proofs": (
        after_head("  push: {success: {" + ",".join(f"a{n}: []" for n in range(5000)) + "}}\n"),
        "6:20",
        "names no allowed value",
    ),
    "long_key": (after_head(f"  {'k' * 900}: x\n  ? {'k' * 50000}\n  : x\n"), "6:3", "unknown key"),
    "deep_expression": (after_head("  push: {ordering_key: '" + "(" * 20000 + "'}\n"), "6:24", "not a JMESPath"),
    "long_expression": (after_head("  push: {ordering_key: '" + "a||" * 15000 + "a'}\n"), "6:24", "100 levels"),
    "negated_expression": (after_head("  push: {ordering_key: '" + "!" * 20000 + "a'}\n"), "6:24", "not a JMESPath"),
    "long_duration": (after_head(f"heartbeat_interval: {'9' * 30000}s\n"), "6:21", "not a duration"),
    "unending_time": (after_head("heartbeat_interval: 9999999999999999y\n"), "6:21", "too long"),
    "long_number": (after_head(f"  push: {{batch_size: {'9' * 30000}}}\n"), "6:22", "not a whole number"),
    "open_variables": (
        after_head("  description: '" + "${A" * 15000 + "'\n  enabled: x\n"),
        "7:12",
        "not true or false",
    ),
    "open_defaults": (after_head("  description: '" + "${A:-" * 12800 + "'\n"), "6:16", "holds another variable"),
    "swollen_variables": (after_head("  description: '" + "${SWOLLEN}" * 6000 + "'\n"), "6:16", "beyond 64 KiB"),
    "cron_of_letters": (after_head("  push: {schedule: '*/0 1-99999 , ? L#'}\n"), "6:20", NO_CRON),
    "cron_of_millions": (after_head("  push: {schedule: '1-99999999999 * * * *'}\n"), "6:20", NO_CRON),
    "long_cron": (after_head("  push: {schedule: '" + "0-59," * 10000 + "1 * * * *'}\n"), "6:20", "200 characters"),
    "bad_port": (HEAD.replace("gov/", "gov:99999/").encode(), "5:20", "job.target_endpoint"),
    "bad_host": (HEAD.replace("court.example.gov/", "[::1/").encode(), "5:20", "job.target_endpoint"),
    "tag_directive": (
        b"%TAG ! tag:yaml.org,2002:python/\n---\njob: !object/apply:os.system [id]\n",
        "3:6",
        "tags",
    ),
    "schema_of_thousands": (after_head("  push: {schema: schemas/thousands.json}\n"), "6:18", "5000 maps"),
    "schema_of_brackets": (after_head("  push: {schema: schemas/brackets.json}\n"), "6:18", "cannot be read as JSON"),
    "schema_of_digits": (after_head("  push: {schema: schemas/digits.json}\n"), "6:18", "cannot be read as JSON"),
    "schema_too_large": (after_head("  push: {schema: schemas/large.json}\n"), "6:18", "larger than 1 MiB"),
    "schema_elsewhere": (after_head("  push: {schema: schemas/elsewhere.json}\n"), "6:18", "another document"),
    "schema_is_a_pipe": (after_head("  push: {schema: schemas/pipe}\n"), "6:18", "no file"),
    "schema_is_a_folder": (after_head("  push: {schema: schemas}\n"), "6:18", "no file"),
    'quotes_""" + boom() + """': (after_head("  ownr: x\n"), "6:3", "did you mean 'owner'"),
    "lines\nin the name": (after_head("  ownr: x\n"), "6:3", "did you mean 'owner'"),
    "turned\u202ename": (after_head("  ownr: x\n"), "6:3", "did you mean 'owner'"),
    os.fsdecode(b"name_\xff"): (after_head("  ownr: x\n"), "6:3", "did you mean 'owner'"),
}
"""By the file's name: what stands in it, the line and column of one of its problems, and words of its sentence."""

NO_FILES: dict[str, tuple[str, str]] = {
    "folder": ("1:1", "is a folder"),
    "pipe": ("1:1", "not a regular file"),
    "device": ("1:1", "not a regular file"),
    "link_to_nowhere": ("1:1", "No such file"),
    "link_to_itself": ("1:1", "symbolic links"),
    "link_to_folder": ("1:1", "is a folder"),
}
"""What is not a file, though it has a job file's name."""

SCHEMAS = {
    "thousands.json": '{"properties": {' + ",".join(f'"a{n}": {{}}' for n in range(60_000)) + "}}",
    "brackets.json": "[" * 100_000,
    "digits.json": '{"const": ' + "9" * 5000 + "}",
    "large.json": '{"enum": [' + "1," * 1_000_000 + "1]}",
    "elsewhere.json": '{"$ref": "https://elsewhere.example.gov/schema.json"}',
}


def lay_out(folder: Path) -> dict[str, tuple[str, str]]:
    """Write all of them into a folder; return the place and the words of each, by file name."""
    (folder / "schemas").mkdir()
    for name, text in SCHEMAS.items():
        (folder / "schemas" / name).write_text(text, encoding="ascii")
    os.mkfifo(folder / "schemas" / "pipe")
    for name, (body, _, _) in TEXTS.items():
        (folder / f"{name}.yaml").write_bytes(body)
    (folder / "folder.yaml").mkdir()
    os.mkfifo(folder / "pipe.yaml")
    links = {"device": "/dev/zero", "link_to_nowhere": "nowhere", "link_to_itself": "link_to_itself.yaml"}
    for name, target in {**links, "link_to_folder": "schemas"}.items():
        (folder / f"{name}.yaml").symlink_to(target)
    told = {name: (place, words) for name, (_, place, words) in TEXTS.items()}
    return {f"{name}.yaml": expected for name, expected in {**told, **NO_FILES}.items()}
