"""What a restored queue does not know: compare the audit trail that was kept elsewhere with the restored one.

python after_a_restore.py trail.ndjson restored.ndjson

Both are what ``hms-syn audit export`` prints. One line a finding; nothing is changed, and no database is asked.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def rows(file: str) -> list[dict[str, Any]]:
    """Return the rows of one export, each with what was hashed."""
    with open(file, encoding="utf-8") as lines:  # noqa: PTH123 - to be read by whoever knows Python a little
        return [json.loads(json.loads(line)["body"]) | json.loads(line) for line in lines]


def findings(trail: list[dict[str, Any]], restored: list[dict[str, Any]]) -> Iterator[str]:
    """Yield what happened after the backup, as it was told elsewhere, and what the restored queue makes of it."""
    known = {row["hash"] for row in restored}
    lost = [row for row in trail if row["hash"] not in known]
    accepted = {row["message_id"] for row in restored if row["event"] == "published"}
    published = {row["message_id"]: row for row in lost if row["event"] == "published"}
    for row in published.values():
        if row["message_id"] not in accepted and row["actor"] != "hms-syn":
            yield f"gone       {row['message_id']}  {row['detail']['topic']}  {row['actor']}"
    for row in lost:
        if row["event"] == "delivered" and row["message_id"] not in published:
            yield f"delivered  {row['message_id']}  {row['job']}  {row['detail'].get('reference', '')}"


if __name__ == "__main__":
    for finding in findings(rows(sys.argv[1]), rows(sys.argv[2])):
        print(finding)
