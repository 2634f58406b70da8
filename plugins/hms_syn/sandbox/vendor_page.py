"""What a vendor has on record as a page for people: escaped text, one stylesheet, no script."""

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


def whole(
    title: str, says: str, *, numbers: Mapping[str, object], sections: Iterable[str], more: str, still: bool
) -> str:
    """Write the whole page; unless ``still``, a browser asks for it again every five seconds."""
    again = "" if still else '<meta http-equiv="refresh" content="5">'
    turn = '<a href="/">Follow live</a>' if still else 'Refreshes every 5 seconds · <a href="/?still">hold still</a>'
    facts = "\n".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(str(value))}</dd></div>" for name, value in numbers.items()
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">{again}
<title>{escape(title)}</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml"><link rel="stylesheet" href="/style.css">
</head>
<body>
<header>
<div><h1>{escape(title)}</h1><p class="soft">{escape(says)}</p></div>
<dl>
{facts}
</dl>
</header>
<main>
{chr(10).join(sections)}
</main>
<footer class="soft"><p>{turn} · <a href="/received">the same as JSON</a>{more}</p></footer>
</body>
</html>
"""


def empty(heading: str, says: str, command: str) -> str:
    """Write what stands where there is nothing yet: how to change that."""
    return f"""<h2>{escape(heading)}</h2>
<div class="sheet empty"><p>{escape(says)}</p>
<pre><code>{escape(command)}</code></pre></div>"""


def table(heading: str, name: str, rows: Sequence[Mapping[str, Any]], cells: Mapping[str, str]) -> str:
    """Write the newest rows first; ``cells`` says, by column title, which key of a row stands there."""
    shown = (
        f"<tr>{''.join(_cell(key, row.get(key), title) for title, key in cells.items())}</tr>" for row in _newest(rows)
    )
    return f"<h2>{escape(heading)}{_capped(rows)}</h2>\n{_sheet(name, list(cells), shown)}"


def _sheet(name: str, head: Sequence[str], rows: Iterable[str]) -> str:
    """Write a table that scrolls by itself where it is too wide; the column ``Arrivals`` holds numbers."""
    cells = "".join(
        f'<th scope="col"{" class=count" if title == "Arrivals" else ""}>{escape(title)}</th>' for title in head
    )
    return (
        f'<div class="sheet" role="region" aria-label="{escape(name)}" tabindex="0"><table>'
        f"<thead><tr>{cells}</tr></thead><tbody>\n{chr(10).join(rows)}\n</tbody></table></div>"
    )


def _newest(rows: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Return the newest rows, newest first."""
    return rows[-SHOWN:][::-1]


def _capped(rows: Sequence[Mapping[str, Any]]) -> str:
    """Say that not all rows are shown, where that is so."""
    return f" · the newest {SHOWN} of {len(rows)}" if len(rows) > SHOWN else ""


def _time(moment: str) -> str:
    """Write a moment to the second."""
    return f'<time datetime="{escape(moment)}">{escape(moment[:10])} {escape(moment[11:19])}</time>'


def _cell(key: str, value: Any, title: str) -> str:
    words = "" if value is None else str(value)
    if title.endswith("(UTC)"):
        return f"<td>{_time(words)}</td>"
    if key == "status":
        return f'<td><span class="word {escape(words.lower())}">{escape(words)}</span></td>'
    if key in {"key", "message_id"}:
        return f"<td><code>{escape(words) or 'none'}</code></td>"
    kind = {"case_id": "case", "hearing_date": "date", "reference": "receipt", "arrivals": "count"}.get(key)
    return f'<td class="{kind}">{escape(words)}</td>' if kind else f"<td>{escape(words)}</td>"
