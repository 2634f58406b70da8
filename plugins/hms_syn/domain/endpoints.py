"""What a ``target_endpoint`` is: which kind of vendor it leads to, and to which host."""

from __future__ import annotations

from hms_syn.domain import database_urls, mllp_urls, sftp_urls, vendor_urls

HTTP, DATABASE, MLLP, SFTP = "http", "database", "mllp", "sftp"


def kind(url: str) -> str:
    """Return which kind of address this is; what is none of the others is read as HTTP.

    >>> kind("mllp://engine.example.org:6661"), kind("oracle://db.example.gov/COURT"), kind("https://court.example.gov")
    ('mllp', 'database', 'http')
    """
    if database_urls.is_database(url):
        return DATABASE
    if sftp_urls.is_sftp(url):
        return SFTP
    return MLLP if mllp_urls.is_mllp(url) else HTTP


def host(url: str) -> str:
    """Return the host it leads to; a file has none, which is an empty text.

    :raises ValueError: with a reason that never repeats the URL, which may hold a secret
    """
    if database_urls.is_database(url):
        return database_urls.place(url).host
    if mllp_urls.is_mllp(url):
        return mllp_urls.place(url).host
    if sftp_urls.is_sftp(url):
        return sftp_urls.place(url).host
    return vendor_urls.origin(url).host
