"""One hook for each connection type: what its *Test* button does. Jobs reach their vendors through ``VendorHook``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseHook

from hms_syn.errors import SynError
from hms_syn.hooks.audit import credentials_of

if TYPE_CHECKING:
    from hms_syn.ports import Credentials


class _ConnectionHook(BaseHook):
    """A vendor's connection, looked at by itself.

    :param connection_id: the connection
    """

    conn_name_attr = "connection_id"
    conn_type: ClassVar[str]
    hook_name: ClassVar[str]
    scheme: ClassVar[str] = "https"

    def __init__(self, connection_id: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.connection_id = connection_id or self.default_conn_name

    @property
    def default_conn_name(self) -> str:
        """Return the name Airflow shows as an example."""
        return f"{self.conn_type}_default"

    def test_connection(self) -> tuple[bool, str]:
        """Return whether the vendor answers over its own protocol, and a sentence without a secret."""
        connection = self.get_connection(self.connection_id)
        try:
            answered = self._ask(_address(connection, self.scheme), credentials_of(connection))
        except SynError as error:
            return False, f"{error} [{error.code}]"
        return True, answered

    def _ask(self, address: str, credentials: Credentials) -> str:
        raise NotImplementedError


class SoapHook(_ConnectionHook):
    """A connection of type ``hms_soap``; *Test* asks for the health page."""

    conn_type = "hms_soap"
    hook_name = "HMS-SYN SOAP vendor"

    def _ask(self, address: str, credentials: Credentials) -> str:
        from hms_syn.adapters import reachability  # noqa: PLC0415 - only a test needs it

        reachability.ask_soap(_needed(address), credentials)
        return "The vendor's health page answers. The login is first shown with a message."


class RestHook(_ConnectionHook):
    """A connection of type ``hms_rest``; *Test* asks for the health page, with the connection's login."""

    conn_type = "hms_rest"
    hook_name = "HMS-SYN REST vendor"

    def _ask(self, address: str, credentials: Credentials) -> str:
        from hms_syn.adapters import reachability  # noqa: PLC0415 - only a test needs it

        reachability.ask_rest(_needed(address), credentials)
        return "The vendor's health page answers to this login."


class FhirHook(_ConnectionHook):
    """A connection of type ``hms_fhir``; *Test* asks for the server's CapabilityStatement, with the login."""

    conn_type = "hms_fhir"
    hook_name = "HMS-SYN FHIR server"

    def _ask(self, address: str, credentials: Credentials) -> str:
        from hms_syn.adapters import reachability  # noqa: PLC0415 - only a test needs it

        reachability.ask_fhir(_needed(address), credentials)
        return "The FHIR server describes itself to this login."


class SqlHook(_ConnectionHook):
    """A connection of type ``hms_sql``; *Test* logs in and asks for a constant."""

    conn_type = "hms_sql"
    hook_name = "HMS-SYN vendor's database"

    def _ask(self, address: str, credentials: Credentials) -> str:
        from hms_syn.adapters import reachability  # noqa: PLC0415 - only a test needs it

        del address  # the URL is one of the connection's own fields
        reachability.ask_sql(credentials)
        return "The database has answered SELECT 1 to this login."


class SftpHook(_ConnectionHook):
    """A connection of type ``hms_sftp``; *Test* logs in and looks at the folder of the address."""

    conn_type = "hms_sftp"
    hook_name = "HMS-SYN SFTP server"
    scheme = "sftp"

    def _ask(self, address: str, credentials: Credentials) -> str:
        from hms_syn.adapters import reachability  # noqa: PLC0415 - only a test needs it

        reachability.ask_sftp(_needed(address), credentials)
        return "The server has the known key, and shows the folder to this login."


def _address(connection: Any, scheme: str) -> str:
    """Return the connection's host as a URL, with this scheme where it has none."""
    host = (connection.host or "").strip()
    if not host or "://" in host:
        return host
    return f"{scheme}://{host}" + (f":{connection.port}" if connection.port else "")


def _needed(address: str) -> str:
    from hms_syn.adapters.auth import fields  # noqa: PLC0415 - only a test needs it

    if not address:
        raise fields.wrong("host", "is empty: a job names its own endpoint, but Test needs an address")
    return address
