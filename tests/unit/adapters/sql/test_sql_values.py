"""Values that cross between JSON and columns: exactly, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.harness.sql_court import Court, message

from hms_syn import errors

LINES = [
    line.partition(" ")
    for line in Path(__file__).parents[1].joinpath("strings.txt").read_text(encoding="utf-8").split("\n")
    if line and not line.startswith("# ")
]
STRINGS = [text.encode("ascii").decode("unicode_escape") for fate, _, text in LINES if fate != "unpublishable"]
TYPES = {
    "numeric(10, 2)": [(5, "5.00"), (1.5, "1.50"), ("12345678.99", "12345678.99"), (1.005, None), ("x", None)],
    "bigint": [(7, 7), ("9007199254740993", 9007199254740993), (True, 1), (2.0, 2), (2.5, None), ("7 ", None)],
    "double precision": [(0.1, 0.1), (1e300, 1e300), ("x", None)],
    "date": [("2024-09-02", "2024-09-02"), ("2024-09-02T10:00:00", None), ("02/09/2024", None), (20240902, None)],
    "timestamp": [
        ("2024-09-02T10:00:00+02:00", "2024-09-02T08:00:00"),
        ("2024-09-02 10:00", "2024-09-02T10:00:00"),
        ("2024-09-02", "2024-09-02T00:00:00"),
        ("2024-09-02T10:00:00.1234567Z", None),
    ],
    "timestamptz": [("2024-09-02T10:00:00+02:00", "2024-09-02T08:00:00+00:00"), ("soon", None)],
    "time": [("10:30:00", "10:30:00"), ("25:00", None)],
    "boolean": [(True, True), ("true", None), (1, None)],
    "uuid": [("6F1D2D0C8A8E4D0F9D583D1F0B6F9A11", "6f1d2d0c-8a8e-4d0f-9d58-3d1f0b6f9a11"), ("x", None)],
    "char(5)": [("ab", "ab   ")],
    "varchar(20)": [(12, "12"), (True, "true"), ({"a": 1}, None), ([1], None)],
    "jsonb": [({"b": [1, None]}, {"b": [1, None]}), ([1], [1])],
    "bytea": [("x", None)],
    "inet": [("10.0.0.1", "10.0.0.1")],
}
CASES = [(kind, *case) for kind, cases in TYPES.items() for case in cases]


@pytest.mark.parametrize("kind", list(TYPES))
def test_a_value_is_stored_as_its_columns_type_has_it_or_refused_by_name(postgresql: Court, kind: str):
    postgresql.sql(f"CREATE TABLE typed (v {kind}, k varchar(36) PRIMARY KEY)")
    adapter = postgresql.adapter({"request": {"table": "typed", "key": "k"}, "mapping": {"v": "v"}})
    for given, stored in TYPES[kind]:
        sent = message(v=given)
        if stored is None:
            with pytest.raises(errors.UnmappablePayload, match="column 'v'"):
                adapter.send(sent)
            continue
        adapter.send(sent)
        assert adapter.send(sent).status == "duplicate", (kind, given)
        [read] = [
            record["v"]
            for page in postgresql.adapter(pull={"request": {"table": "typed"}}).pull(None)
            for record in page.records
            if record["k"] == sent.idempotency_key
        ]
        assert read == stored


def test_every_text_comes_back_as_it_was_published(court: Court):
    """NUL alone has no place in PostgreSQL, and is refused by the name of its column."""
    adapter = court.adapter()
    for text in STRINGS:
        sent = message(case_id=text)
        if "\x00" in text and court.dialect == "postgresql":
            with pytest.raises(errors.UnmappablePayload, match="'case_id' holds a NUL"):
                adapter.send(sent)
            continue
        adapter.send(sent)
        assert adapter.send(sent).status == "duplicate"
        assert court.sql("SELECT case_id FROM hearing WHERE syn_key = :key", key=sent.idempotency_key) == [(text,)]
        assert adapter.find(sent) is not None


def test_a_text_too_long_for_its_column_is_refused_and_not_cut(postgresql: Court):
    with pytest.raises(errors.VendorRefused) as caught:
        postgresql.adapter().send(message(case_id="x" * 201))
    assert caught.value.code == "sql_22001"
    assert postgresql.rows() == []


def test_columns_of_bytes_are_left_out_and_other_unreadable_values_named(postgresql: Court):
    postgresql.adapter().send(message())
    [page] = postgresql.adapter(pull={}).pull(None)
    assert "scan" not in page.records[0]
    postgresql.sql("CREATE TABLE odd (id int PRIMARY KEY, span int4range)", "INSERT INTO odd VALUES (1, '[1,3)')")
    [page] = postgresql.adapter(pull={"request": {"table": "odd"}}).pull(None)
    assert (page.records, list(page.faults)) == ((), [1])
    assert page.faults[1].startswith("Column 'span' holds a value of the type Range")


def test_a_column_that_json_cannot_carry_is_in_nobodys_way_when_a_row_is_put_in(postgresql: Court):
    postgresql.sql("ALTER TABLE hearing ADD span int4range DEFAULT '[1,3)', ADD takes interval DEFAULT '1 hour'")
    adapter = postgresql.adapter()
    sent = message()
    assert [adapter.send(sent).status for _ in range(2)] == ["", "duplicate"]


def test_sqlite_keeps_what_it_is_given(sqlite: Court):
    adapter = sqlite.adapter({"mapping": {"case_id": "case_id", "room": "room", "hearing_on": "date"}})
    for room in (1.5, 7, "12A", True):
        sent = message(room=room)
        adapter.send(sent)
        assert adapter.send(sent).status == "duplicate"
    with pytest.raises(errors.UnmappablePayload, match="map or a list"):
        adapter.send(message(room={"a": 1}))
    assert [row[0] for row in sqlite.rows("room")] == [1.5, 7, "12A", 1]
