"""The calendar as a page for people: escaped text, one stylesheet, no script."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SHOWN = 200
"""The newest rows of each table that the page shows; everything is at /received."""

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
ICON = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#7a1f2b"/>'
    b'<path d="M6 24h20M8 21h16M10 20v-7M16 20v-7M22 20v-7M7 12h18L16 6z" stroke="#fff" stroke-width="2" fill="none"/>'
    b"</svg>"
)
COMMAND = """hms-syn publish hud.hearing.created '{"case_id":"HUD-22-109","date":"2024-09-02"}'"""


def page(received: Mapping[str, Sequence[Mapping[str, Any]]], *, mode: str, still: bool = False) -> str:
    """Write the whole page; unless ``still``, a browser asks for it again every five seconds."""
    hearings, arrivals = received["hearings"], received["arrivals"]
    again = "" if still else '<meta http-equiv="refresh" content="5">'
    turn = '<a href="/">Follow live</a>' if still else 'Refreshes every 5 seconds · <a href="/?still">hold still</a>'
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">{again}
<title>County Court Calendar</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml"><link rel="stylesheet" href="/style.css">
</head>
<body>
<header>
<div><h1>County Court Calendar</h1><p class="soft">A pretend vendor: the hearings it was handed over SOAP.</p></div>
<dl>
<div><dt>Hearings</dt><dd>{len(hearings)}</dd></div>
<div><dt>Requests</dt><dd>{len(arrivals)}</dd></div>
<div><dt>Behaves</dt><dd>{escape(mode)}</dd></div>
</dl>
</header>
<main>
{_hearings(hearings)}
{_arrivals(arrivals)}
</main>
<footer class="soft"><p>{turn} · <a href="/received">the same as JSON</a> · <a href="/soap?wsdl">WSDL</a></p></footer>
</body>
</html>
"""


def _hearings(hearings: Sequence[Mapping[str, Any]]) -> str:
    if not hearings:
        return f"""<h2>No hearing yet</h2>
<div class="sheet empty"><p>Publish an event, and it appears here once the court has accepted it:</p>
<pre><code>{escape(COMMAND)}</code></pre></div>"""
    rows = (
        f'<tr><td>{_time(row["received_at"])}</td><td class="case">{escape(row["case_id"])}</td>'
        f'<td class="date">{escape(row["hearing_date"])}</td><td class="receipt">{escape(row["reference"])}</td>'
        f'<td><span class="word {escape(row["status"].lower())}">{escape(row["status"])}</span></td>'
        f'<td class="count">{row["arrivals"]}</td><td><code>{escape(row["message_id"]) or "none"}</code></td></tr>'
        for row in _newest(hearings)
    )
    head = ("Received (UTC)", "Case", "Hearing date", "Receipt", "Status", "Arrivals", "Idempotency key")
    return f"<h2>Hearings{_capped(hearings)}</h2>\n{_table('Hearings', head, rows)}"


def _arrivals(arrivals: Sequence[Mapping[str, Any]]) -> str:
    if not arrivals:
        return ""
    rows = (
        f"<tr><td>{_time(row['at'])}</td><td>{escape(row['operation'])}</td>"
        f'<td class="case">{escape(row["case_id"])}</td><td>{escape(row["outcome"])}</td></tr>'
        for row in _newest(arrivals)
    )
    head = ("Arrived (UTC)", "Operation", "Case", "What the court did")
    return f"<h2>Every request that arrived{_capped(arrivals)}</h2>\n{_table('Requests', head, rows)}"


def _table(name: str, head: Sequence[str], rows: Iterable[str]) -> str:
    cells = "".join(
        f'<th scope="col"{" class=count" if title == "Arrivals" else ""}>{escape(title)}</th>' for title in head
    )
    return (
        f'<div class="sheet" role="region" aria-label="{escape(name)}" tabindex="0"><table>'
        f"<thead><tr>{cells}</tr></thead><tbody>\n{chr(10).join(rows)}\n</tbody></table></div>"
    )


def _newest(rows: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    return rows[-SHOWN:][::-1]


def _capped(rows: Sequence[Mapping[str, Any]]) -> str:
    return f" · the newest {SHOWN} of {len(rows)}" if len(rows) > SHOWN else ""


def _time(moment: str) -> str:
    return f'<time datetime="{escape(moment)}">{escape(moment[:10])} {escape(moment[11:19])}</time>'
