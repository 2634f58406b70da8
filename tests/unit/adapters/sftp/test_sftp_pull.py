"""Files that a county puts out, row by row, each once."""

from __future__ import annotations

import os
import tracemalloc
from dataclasses import replace

import pytest

from hms_syn import errors
from hms_syn.domain.job_spec import Cursor
from hms_syn.domain.pulled_record import event_of

T0 = 1_725_270_000
"""2024-09-02T09:40:00Z."""


def put(county, name, content, at=T0):
    """Put a file out, last written at this time."""
    file = county.folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    os.utime(file, (at, at))


def rows(*ids):
    return "id,state\r\n" + "".join(f"{each},LODGED\r\n" for each in ids)


def ids(pages):
    return [record["id"] for page in pages for record in page.records]


def messages(adapter, pages):
    """Return the ids that the bus knows the records by."""
    return [
        event_of(adapter._job, record, source, own).message_id
        for page in pages
        for record, source, own in zip(page.records, page.sources, page.identities, strict=True)
    ]


def test_files_come_in_the_order_of_their_times_and_then_their_names(county, adapters):
    """All rows of small files share a page."""
    put(county, "c.csv", rows("5"), T0 + 60)
    put(county, "b.csv", rows("3", "4"))
    put(county, "a.csv", rows("1", "2"))
    [page] = adapters(pull={}).pull(None)
    assert ids([page]) == ["1", "2", "3", "4", "5"]
    assert page.cursor == "2024-09-02T09:41:00Z c.csv"


def test_pages_have_a_size_and_the_cursor_stands_at_the_last_whole_file(county, adapters):
    """In the middle of a file it is still the one before."""
    put(county, "a.csv", rows("1", "2", "3"))
    put(county, "b.csv", rows("4", "5"), T0 + 1)
    pages = list(adapters(pull={"page_size": 2}).pull(None))
    assert [ids([page]) for page in pages] == [["1", "2"], ["3", "4"], ["5"]]
    assert [page.cursor for page in pages] == [None, "2024-09-02T09:40:00Z a.csv", "2024-09-02T09:40:01Z b.csv"]
    assert [page.more for page in pages] == [True, True, False]


def test_what_is_not_finished_or_does_not_fit_is_left_alone(county, adapters):
    """Hidden files, those of other programs at work, folders, other names."""
    for name in ("a.csv.part", ".b.csv", "c.tmp", "d.CSV", "e.txt", "f.csv.filepart"):
        put(county, name, rows("no"))
    (county.folder / "folder.csv").mkdir(exist_ok=True)
    put(county, "g.csv", rows("yes"))
    assert ids(adapters(pull={"request": {"pattern": "*"}}).pull(None)) == ["no", "no", "yes"]
    assert ids(adapters(pull={}).pull(None)) == ["yes"]
    (county.folder / "folder.csv").rmdir()


def test_a_file_that_grows_while_it_is_read_is_left_for_the_next_pull(county, adapters):
    """Its last row may be half a one; what was whole is the same record then."""
    adapter = adapters(pull={"page_size": 2})
    put(county, "a.csv", rows("1", "2", "3", "4") + "5,LOD")
    pages = adapter.pull(None)
    first = next(pages)
    put(county, "a.csv", rows("1", "2", "3", "4", "5"), T0 + 5)
    seen = [first, *pages]
    assert ids(seen) == ["1", "2", "3", "4"]
    assert [page.cursor for page in seen] == [None, None]
    again = list(adapter.pull(seen[-1].cursor))
    assert ids(again) == ["1", "2", "3", "4", "5"]
    assert messages(adapter, again)[:4] == messages(adapter, seen)


def test_a_file_that_is_replaced_brings_only_what_is_new(county, adapters):
    """Under the same name, with another time: a row that has changed is another record, the others are known."""
    adapter = adapters(pull={})
    put(county, "a.csv", rows("1", "2"))
    first = list(adapter.pull(None))
    put(county, "a.csv", rows("1", "3"), T0 + 1)
    second = list(adapter.pull(first[-1].cursor))
    assert ids(second) == ["1", "3"]
    assert [each in messages(adapter, first) for each in messages(adapter, second)] == [True, False]


def test_two_rows_that_say_the_same_are_two(county, adapters):
    """Their number tells them apart."""
    adapter = adapters(pull={})
    put(county, "a.csv", rows("1", "1"))
    assert len(set(messages(adapter, adapter.pull(None)))) == 2


def test_an_overlap_finds_what_came_late_with_an_old_time(county, adapters):
    """A file written slowly and renamed, or a clock put back; without an overlap it is behind the cursor."""
    put(county, "b.csv", rows("2"), T0 + 60)
    cursor = list(adapters(pull={}).pull(None))[-1].cursor
    put(county, "a.csv", rows("1"), T0)
    assert ids(adapters(pull={}).pull(cursor)) == []
    overlap = Cursor(field="", parameter="", overlap=120.0)
    pages = list(adapters(pull={"cursor": overlap}).pull(cursor))
    assert ids(pages) == ["1", "2"]
    assert pages[-1].cursor == cursor


def test_the_first_pull_begins_where_the_job_says(county, adapters):
    """In any zone; a word that is no moment is for an officer."""
    put(county, "a.csv", rows("1"), T0 - 3600)
    put(county, "b.csv", rows("2"), T0)
    initial = Cursor(field="", parameter="", initial="2024-09-02T11:00:00+02:00")
    assert ids(adapters(pull={"cursor": initial}).pull(None)) == ["2"]
    with pytest.raises(errors.ContractMismatch, match="initial"):
        list(adapters(pull={"cursor": replace(initial, initial="yesterday")}).pull(None))


def test_a_bad_row_holds_up_no_other_and_is_told_without_its_words(county, adapters):
    """By the file's time and the row's number; the flow keeps the cursor where there is such a fault."""
    put(county, "a.csv", "id,state\r\n1,LODGED\r\nMs Quillfeather\r\n3,LODGED\r\n")
    put(county, "b.csv", 'id,state\r\n"4" x,LODGED\r\n', T0 + 1)
    put(county, "c.csv", rows("5"), T0 + 2)
    [page] = adapters(pull={}).pull(None)
    assert ids([page]) == ["1", "3", "5"]
    assert page.faults == {
        2: "the file of 2024-09-02T09:40:00Z, row 2: it has 1 fields where the header has 2",
        4: "the file of 2024-09-02T09:40:01Z, row 1: the file cannot be read: what follows row 0 is no CSV",
    }


def test_a_mapping_that_finds_nothing_is_told_too(county, adapters):
    """And the others are mapped."""
    put(county, "a.csv", "id,state\r\n1,LODGED\r\n")
    [page] = adapters(pull={"mapping": {"room": "room"}}).pull(None)
    assert page.records == ()
    assert "'pull.mapping'" in page.faults[1]


def test_empty_files_move_the_cursor_and_an_empty_folder_does_not(county, adapters):
    """A header alone is a file that was read."""
    [page] = adapters(pull={}).pull(None)
    assert (page.records, page.cursor, page.more) == ((), None, False)
    put(county, "a.csv", "id,state\r\n")
    put(county, "b.csv", "")
    [page] = adapters(pull={}).pull(None)
    assert (page.records, page.cursor) == ((), "2024-09-02T09:40:00Z b.csv")


def test_a_large_file_is_never_held_whole(county, adapters):
    """Eight megabytes in pages of a thousand rows; what is held is a part of it."""
    text = "id,state\r\n" + "".join(f"{number},{'x' * 190}\r\n" for number in range(40_000))
    put(county, "large.csv", text)
    adapter = adapters(pull={"page_size": 1000, "timeout": 30.0})
    next(adapter.pull(None))  # what is imported and connected once is not counted
    tracemalloc.start()
    count = sum(len(page.records) for page in adapter.pull(None))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 40_000
    assert peak < len(text) / 2


def test_a_folder_that_is_not_there_is_for_an_officer(adapters):
    """It is not an empty one."""
    with pytest.raises(errors.ContractMismatch) as caught:
        list(adapters(pull={"request": {"folder": "no"}}).pull(None))
    assert caught.value.code == "no_folder"
