"""CSV as it is written and read."""

from __future__ import annotations

import pytest

from hms_syn import errors
from hms_syn.adapters.sftp import csv_file

MOST = 1000


def read(*blocks):
    return list(csv_file.records(blocks, most=MOST))


def test_a_file_is_a_header_and_a_row_in_the_order_of_the_columns():
    """RFC 4180: CR LF, quotes where needed and doubled inside; what a message lacks is an empty cell."""
    fields = {"note": 'said "no", then\nleft', "paid": True, "amount": 12.5}
    columns = ["amount", "note", "paid", "room"]
    assert csv_file.written(fields, columns) == (b'amount,note,paid,room\r\n12.5,"said ""no"", then\nleft",true,\r\n')


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-x", "@SUM(A1)", "\t=1", "\r=1", "  =1", "-2+3+cmd"])
def test_what_a_spreadsheet_would_run_is_refused_and_not_told(text):
    """The column is named, the value is not."""
    with pytest.raises(errors.UnmappablePayload) as caught:
        csv_file.written({"note": text})
    assert caught.value.code == "csv_formula"
    assert "'note'" in str(caught.value)
    assert text not in str(caught.value)


@pytest.mark.parametrize("value", [-5, -0.5, "-5", "+1 (555) 010-0100", "-12.50", "a=b", "2024-09-02", ""])
def test_numbers_and_telephone_numbers_go_through(value):
    """They begin like a formula and are none."""
    assert csv_file.written({"n": value}).split(b"\r\n")[1].strip(b'"') == str(value).encode()


def test_a_column_that_begins_like_a_formula_is_refused():
    """A payload that goes as it is brings its own names."""
    with pytest.raises(errors.UnmappablePayload):
        csv_file.written({"=cmd": 1})


@pytest.mark.parametrize("value", [{"a": 1}, [1], "a\x00b", "half \ud83c"])
def test_what_no_cell_can_hold_is_refused(value):
    """Before anything is sent."""
    with pytest.raises(errors.UnmappablePayload):
        csv_file.written({"n": value})


def test_rows_are_read_across_blocks():
    """A byte order mark, quoted line ends and a last line without one; empty lines are no rows."""
    text = '\ufeffid,note\r\n1,"a\r\nb"\r\n\r\n2,Zoë'.encode()
    rows = [(1, {"id": "1", "note": "a\r\nb"}), (2, {"id": "2", "note": "Zoë"})]
    assert read(text) == rows
    assert read(*(text[at : at + 1] for at in range(len(text)))) == rows


def test_a_bad_row_is_told_and_the_next_is_read():
    """By the number of its fields, or that it is no UTF-8; never by what stands in it."""
    [(_, short), (_, broken), (_, good)] = read(b"a,b\r\nsecret\r\n1,\xff\xfe\r\n3,4\r\n")
    assert short == "it has 1 fields where the header has 2"
    assert broken == "it is not UTF-8"
    assert good == {"a": "3", "b": "4"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a,a\r\n1,2\r\n", "the same name"),
        (b"a,\r\n1,2\r\n", "a name in its header is empty"),
        (b'a\r\n"x" y\r\n', "no CSV"),
        (b"a\r\n" + b"x" * 2000, "longer than 1000 bytes"),
        (b"a\r\n" + b"x" * 2000 + b"\r\n1\r\n", "longer than 1000 bytes"),
    ],
)
def test_what_cannot_be_read_on_ends_the_file(content, said):
    """With the reason."""
    with pytest.raises(csv_file.UnreadableFileError, match=said):
        read(content)
