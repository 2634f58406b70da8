"""How a REST vendor's list goes on: by a token in the answer, by a ``Link`` header, or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urldefrag, urljoin

from hms_syn import errors
from hms_syn.adapters import mapping, urls, web_links
from hms_syn.adapters.records import looping

if TYPE_CHECKING:
    from hms_syn.adapters.http_client import Response

LINK = "link"
"""The word for ``page`` that means RFC 8288."""
MAX_EMPTY = 100
"""Empty pages in a row that may lead on: a filter leaves some, a list without end makes them for ever."""


@dataclass(slots=True)
class Trail:
    """The pages of one pull as far as they are read: their addresses or tokens, and the last page's records."""

    page: Any
    """``pull.request.page``: a map, the word ``link``, or nothing."""
    _seen: set[bytes] = field(default_factory=set)
    _last: list[Any] = field(default_factory=list)
    _empty: int = 0

    def after(self, url: str, response: Response, answer: Any, rows: list[Any]) -> str | Mapping[str, Any] | None:
        """Return where the list goes on, after the page at ``url``: a URL, parameters to set, or None at its end.

        :raises errors.OutcomeUnknown: it leads in a circle, away from the vendor, or to nothing one can follow
        """
        self._empty = 0 if rows else self._empty + 1
        if (rows and rows == self._last) or self._empty > MAX_EMPTY:
            raise looping()
        self._last = rows
        if self.page == LINK:
            self._seen.add(_digest(url))
            return self._once(_linked(url, response))
        if not isinstance(self.page, Mapping) or "next" not in self.page:
            return None
        token = mapping.find(str(self.page["next"]), answer)
        if token in (None, "", False):
            return None
        if isinstance(token, Mapping | list):
            raise errors.OutcomeUnknown("The vendor's token for the next page is no single value.", code="page_token")
        self._once(str(token))
        return {str(self.page["after"]): token}

    def _once(self, place: str | None) -> str | None:
        if place is not None:
            if (digest := _digest(place)) in self._seen:
                raise looping()
            self._seen.add(digest)
        return place


def records(answer: Any, expression: str | None) -> list[Mapping[str, Any]]:
    """Return the records of a page; without an expression the answer itself is the list.

    :raises errors.OutcomeUnknown: there is no list, or something in it is no object
    """
    rows = answer if expression is None else mapping.find(expression, answer)
    if not isinstance(rows, list):
        raise errors.OutcomeUnknown(
            "A page of the vendor holds no list where 'pull.request.records' looks for it; where a vendor leaves out "
            'an empty list, write "… || `[]`".',
            code="page_no_list",
        )
    if not all(isinstance(row, Mapping) for row in rows):
        raise errors.OutcomeUnknown("A page of the vendor holds something that is no object.", code="page_no_record")
    return rows


def _linked(url: str, response: Response) -> str | None:
    try:
        found = dict.fromkeys(web_links.targets(response.headers.get("link", ""), "next"))
        following = [urldefrag(urljoin(url, target)).url for target in found]
    except ValueError:
        raise errors.OutcomeUnknown("The vendor's Link header cannot be read.", code="page_link") from None
    if len(following) > 1:
        raise errors.OutcomeUnknown("The vendor's Link header names several next pages.", code="page_link")
    if not following:
        return None
    try:
        is_ours = urls.origin(following[0]) == urls.origin(url)
    except errors.ContractMismatch:
        is_ours = False
    if not is_ours:
        raise errors.OutcomeUnknown(
            "The vendor's next page is not at the job's target_endpoint; it is not followed.", code="page_elsewhere"
        )
    return following[0]


def _digest(place: str) -> bytes:
    """Return what is remembered of a place: so many bytes, however long a vendor makes its tokens."""
    return hashlib.sha256(place.encode(errors="replace")).digest()
