"""``sftp.csv.v1`` keeps what every adapter promises, at asyncssh's SFTP server over a real folder."""

from __future__ import annotations

from tests.vendors.sftp_county import SftpCounty

from hms_syn.conformance import Conformance


class TestSftpAtAsyncssh(Conformance):
    """A county that takes files and puts some out."""

    pretend_vendor = SftpCounty
