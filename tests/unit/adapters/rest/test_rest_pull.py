"""Pulling a payment gateway's records: every page once, in order, and nothing followed that leads in a circle."""

from __future__ import annotations

import json
import threading
import tracemalloc
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.unit.adapters.gateway import JSON, gateway, payments, says
from tests.unit.adapters.liar import http, liar

from hms_syn import errors
from hms_syn.adapters.rest.rest_json_v1 import PULL_BYTES
from hms_syn.adapters.rest.rest_paging import MAX_EMPTY
from hms_syn.domain.job_spec import Cursor

TOKEN = {"path": "/payments", "records": "payments", "page": {"size": "limit", "after": "after", "next": "next"}}
LINK = {"path": "/payments", "page": "link"}
CURSOR = Cursor(field="changedAt", parameter="since", initial="2024-01-01T00:00:00Z", overlap=120.0)


def pulled(*answers, **pull):
    """Pull from a gateway with these answers; return the pages, how it ended, and the paths that were asked for."""
    with liar(*answers) as peer:
        adapter = gateway(payments(peer.origin, pull=pull))
        assert adapter.check() == []
        pages, error = [], None
        try:
            pages.extend(adapter.pull(None))
        except errors.SynError as caught:
            error = caught
        adapter.close()
        return pages, error, [raw.split(b" ")[1].decode() for raw in peer.requests]


def page(*ids, **more):
    return says(json.dumps({"payments": [{"id": each, "changedAt": f"2024-05-0{each}"} for each in ids], **more}))


def linked(*ids, link=""):
    body = json.dumps([{"id": each} for each in ids])
    return says(body, headers=f"{JSON}Link: {link}\r\n" if link else JSON)


def ids(pages):
    return [[record["id"] for record in each.records] for each in pages]


def test_a_list_without_pages_is_one_page():
    """Records are where the job says, as they are."""
    pages, error, paths = pulled(page(1, 2))
    assert (ids(pages), error, paths) == ([[1, 2]], None, ["/v1/payments"])
    assert not pages[0].more


def test_a_token_leads_from_page_to_page():
    """Size and token are parameters of the gateway's choice."""
    pages, error, paths = pulled(page(3, next="a b"), page(1, next=7), page(2, next=None), request=TOKEN)
    assert (ids(pages), error) == ([[3], [1], [2]], None)
    assert paths == [
        "/v1/payments?limit=100",
        "/v1/payments?limit=100&after=a%20b",
        "/v1/payments?limit=100&after=7",
    ]
    assert [each.more for each in pages] == [True, True, False]


@pytest.mark.parametrize("end", [{}, {"next": None}, {"next": ""}, {"next": False}, {"next": 0}])
def test_a_list_ends_where_no_token_stands(end):
    """Missing, null, empty, false and zero all mean the end."""
    pages, error, _ = pulled(page(1, **end), request=TOKEN)
    assert (len(pages), error) == (1, None)


def test_a_link_leads_from_page_to_page():
    """RFC 8288: relative to the page it stands on, other relations left alone."""
    pages, error, paths = pulled(
        linked(1, link='</v1/payments?page=9>; rel="last", <?page=2>; title="a, b"; rel="prefetch next"'),
        linked(2, link="</v1/payments?page=3#x>; rel=next"),
        linked(3, link='</v1/payments?page=1>; rel="first"'),
        request=LINK,
    )
    assert (ids(pages), error) == ([[1], [2], [3]], None)
    assert paths == ["/v1/payments", "/v1/payments?page=2", "/v1/payments?page=3"]


def test_a_gateway_with_nothing_new_may_answer_204():
    """That is an empty last page."""
    pages, error, _ = pulled(http(status="204 No Content"))
    assert ([each.records for each in pages], error) == ([()], None)


@contextmanager
def cursored(**changes):
    with liar(page(3, next="x"), page(1, next=None)) as peer:
        spec = Cursor(
            **{"field": "changedAt", "parameter": "since", "initial": "2024-01-01", "overlap": 0.0, **changes}
        )
        yield gateway(payments(peer.origin, pull={"request": TOKEN, "cursor": spec})), peer


def test_only_the_last_page_moves_the_cursor():
    """The gateway need not sort by it, so a page proves nothing about the ones behind it."""
    with cursored() as (adapter, peer):
        assert [each.cursor for each in adapter.pull(None)] == [None, "2024-05-03"]
        assert [b"since=2024-01-01" in raw for raw in peer.requests] == [True, True]
        adapter.close()


def test_a_pull_reaches_back_before_its_cursor():
    """The overlap catches what was written late; the cursor itself never moves back."""
    with cursored(overlap=86400.0) as (adapter, peer):
        assert [each.cursor for each in adapter.pull("2024-06-10")] == ["2024-06-10", "2024-06-10"]
        assert b"?since=2024-06-09&limit=100 " in peer.requests[0]
        adapter.close()


def test_records_are_mapped_one_by_one():
    """Each of our fields by an expression on the record."""
    pages, _, _ = pulled(page(1), mapping={"number": "id", "at": "changedAt"})
    assert pages[0].records == ({"number": 1, "at": "2024-05-01"},)


@pytest.mark.parametrize(
    ("answers", "request_", "code", "read"),
    [
        pytest.param([page(1, next="x"), page(2, next="x")], TOKEN, "page_loop", 1, id="a token that comes back"),
        pytest.param(
            [page(1, next="x"), page(2, next="y"), page(3, next="x")], TOKEN, "page_loop", 2, id="a circle of tokens"
        ),
        pytest.param([page(1, next="x"), page(1, next="y")], TOKEN, "page_loop", 1, id="new tokens, the same page"),
        pytest.param([page(1, next={"a": 1})], TOKEN, "page_token", 0, id="a token that is an object"),
        pytest.param([page(1, next=["x"])], TOKEN, "page_token", 0, id="a token that is a list"),
        pytest.param(
            [linked(1, link="<?page=1>; rel=next"), linked(2, link="<?page=1>; rel=next")],
            LINK,
            "page_loop",
            1,
            id="a link to itself",
        ),
        pytest.param([linked(1, link="</v1/payments>; rel=next")], LINK, "page_loop", 0, id="a link to the first page"),
        pytest.param(
            [linked(1, link="<http://127.8.8.8:9/v1/payments>; rel=next")],
            LINK,
            "page_elsewhere",
            0,
            id="a link to another host",
        ),
        pytest.param(
            [linked(1, link="<//evil.example/v1>; rel=next")],
            LINK,
            "page_elsewhere",
            0,
            id="a link to another host without a scheme",
        ),
        pytest.param(
            [linked(1, link="<file:///etc/passwd>; rel=next")], LINK, "page_elsewhere", 0, id="a link to a file"
        ),
        pytest.param(
            [linked(1, link="<http://a@127.0.0.1/>; rel=next")], LINK, "page_elsewhere", 0, id="a link with a user"
        ),
        pytest.param([linked(1, link="<http://[::/>; rel=next")], LINK, "page_link", 0, id="a link that is no URL"),
        pytest.param([linked(1, link="?page=2; rel=next")], LINK, "page_link", 0, id="a link without brackets"),
        pytest.param([linked(1, link="<?a>; rel=next, <?b>; rel=next")], LINK, "page_link", 0, id="two next pages"),
        pytest.param([says('{"payments": {"id": 1}}')], TOKEN, "page_no_list", 0, id="an object for a list"),
        pytest.param([says('{"payments": "none"}')], TOKEN, "page_no_list", 0, id="a text for a list"),
        pytest.param([says('{"error": "backend down"}')], TOKEN, "page_no_list", 0, id="an error for a page"),
        pytest.param([says('{"payments": []}')], LINK, "page_no_list", 0, id="an object for the list itself"),
        pytest.param([says("null")], TOKEN, "page_no_list", 0, id="null for a page"),
        pytest.param([says('{"payments": [{"id": 1}, 2]}')], TOKEN, "page_no_record", 0, id="a number for a record"),
        pytest.param([says('{"payments": [null]}')], TOKEN, "page_no_record", 0, id="null for a record"),
        pytest.param([says('{"payments": [[1]]}')], TOKEN, "page_no_record", 0, id="a list for a record"),
        pytest.param(
            [page(1, next="x"), says('{"payments": [{"id"')], TOKEN, "bad_json", 1, id="half of a second page"
        ),
        pytest.param(
            [page(1, next="x"), http("<html>", headers="Content-Type: text/html\r\n")],
            TOKEN,
            "html",
            1,
            id="a page for a page",
        ),
        pytest.param([page(1, next="x"), http()], TOKEN, "empty", 1, id="an empty second page"),
        pytest.param(
            [page(1, next="x"), says("{}", status="500 Oops")], TOKEN, "http_500", 1, id="a 500 in the middle"
        ),
        pytest.param(
            [page(1, next="x"), says("{}", status="503 Busy")], TOKEN, "http_503", 1, id="a 503 in the middle"
        ),
        pytest.param([page(1, next="x"), says("{}", status="401 No")], TOKEN, "http_401", 1, id="a 401 in the middle"),
        pytest.param([says("{}", status="302 Found")], TOKEN, "redirect", 0, id="a redirection"),
        pytest.param([says("{}", status="400 Bad Request")], TOKEN, "http_400", 0, id="a 400"),
        pytest.param([says("{}", status="404 Not Found")], TOKEN, "http_404", 0, id="a 404"),
    ],
)
def test_a_bad_page_ends_the_pull_and_moves_no_cursor(answers, request_, code, read):
    """What came before it is kept, and the next pull begins where this one began."""
    pages, error, _ = pulled(*answers, request=request_)
    assert (error.code, len(pages)) == (code, read)
    assert not isinstance(error, errors.Refused)
    assert all(each.cursor is None for each in pages)


def test_empty_pages_lead_nowhere_for_ever():
    """A filter may leave some empty; a list that goes on and on with nothing in it is a circle in other words."""
    few = [page(next=f"x{n}") for n in range(20)]
    pages, error, _ = pulled(*few, page(1), request=TOKEN)
    assert (len(pages), error) == (21, None)
    pages, error, _ = pulled(*(page(next=f"x{n}") for n in range(200)), request=TOKEN)
    assert (error.code, len(pages)) == ("page_loop", MAX_EMPTY)


def test_a_record_whose_type_changed_is_an_officers():
    """It is told by its place and the field, with no value, and it does not hold back its neighbours."""
    rows = '{"payments": [{"id": {"number": 1}}, {"id": {"value": "Jane Doe"}}, {"id": {"number": 3}}]}'
    [only], error, _ = pulled(says(rows), mapping={"number": "id.number"})
    assert error is None
    assert [record["number"] for record in only.records] == [1, 3]
    assert list(only.faults) == [2]
    assert "number" in only.faults[2]
    assert "Jane Doe" not in only.faults[2]


def test_a_record_of_ten_megabytes_is_too_large():
    """It is not read to its end, and the pull stands still with a clear code."""
    _, error, _ = pulled(says(json.dumps({"payments": [{"id": 1, "scan": "x" * 10_000_000}]})))
    assert error.code == "too_large"


@pytest.mark.parametrize(
    ("pull", "key", "words"),
    [
        ({"request": {**TOKEN, "page": {"next": "next"}}}, "request.page", "'after'"),
        ({"request": {**TOKEN, "page": {"after": "after"}}}, "request.page", "'next'"),
        ({"request": {**TOKEN, "page": "links"}}, "request.page", "'link'"),
        ({"request": {**TOKEN, "page": {"after": "after", "next": "a["}}}, "request.page.next", "JMESPath"),
        ({"request": {**TOKEN, "records": "a["}}, "request.records", "JMESPath"),
        ({"request": {**TOKEN, "query": {"limit": 5}}}, "request.query", "twice"),
        ({"request": {"query": {"since": 5}}, "cursor": CURSOR}, "request.query", "twice"),
        ({"request": {"path": "/payments/{key}"}}, "request.path", "no message fills"),
        ({"request": {"method": "POST"}}, "request.method", "GET"),
        ({"mapping": {"a": "b["}}, "mapping.a", "JMESPath"),
        ({"dedupe_key": "b["}, "dedupe_key", "JMESPath"),
        ({"cursor": Cursor(field="b[", parameter="since")}, "cursor.field", "JMESPath"),
    ],
)
def test_check_names_what_a_pull_cannot_do(pull, key, words):
    """Before the gateway is asked."""
    with liar(page(1)) as peer:
        adapter = gateway(payments(peer.origin, pull=pull))
        assert words in dict(adapter.check())[f"job.pull.{key}"]
        with pytest.raises(errors.ContractMismatch):
            list(adapter.pull(None))
        assert peer.requests == []


class _Pages(BaseHTTPRequestHandler):
    """Fifty pages of a thousand records each."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        start = int(parse_qs(urlsplit(self.path).query).get("after", ["0"])[0])
        rows = [{"id": start + n, "note": "x" * 200} for n in range(1000)]
        body = json.dumps({"payments": rows, "next": start + 1000 if start < 49_000 else None}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_fifty_thousand_records_take_no_more_memory_than_a_few_pages():
    """Each page is let go before the next is read, as far as the loop detection allows: it keeps the last one."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    adapter = gateway(
        payments(f"http://127.0.0.1:{server.server_port}", pull={"request": TOKEN, "page_size": 1000, "timeout": 10.0})
    )
    seen, peaks = 0, []
    try:
        tracemalloc.start()
        for each in adapter.pull(None):
            seen += len(each.records)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.reset_peak()
    finally:
        tracemalloc.stop()
        adapter.close()
        server.shutdown()
        server.server_close()
    assert seen == 50_000
    assert max(peaks[25:]) < 1.2 * max(peaks[1:25])
    assert max(peaks) < PULL_BYTES
