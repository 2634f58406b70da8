"""The connection types of the vendors, as Airflow's form shows them. Plain data: every Airflow process reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HOOKS = "hms_syn.hooks.connections"


def _text(label: str, description: str, *, secret: bool = False) -> Mapping[str, Any]:
    kind = {"type": ["string", "null"], **({"format": "password"} if secret else {})}
    return {"label": label, "description": description, "schema": kind}


def _choice(label: str, description: str, words: Sequence[str]) -> Mapping[str, Any]:
    """Return a choice whose first word is the default."""
    return {
        "label": label,
        "description": description,
        "schema": {"type": ["string", "null"], "enum": list(words), "default": words[0]},
    }


_CERTIFICATE = {
    "client_cert": _text("Client certificate", "For mutual TLS: a PEM file on every worker; it may hold the key too."),
    "client_key": _text("Client key", "For mutual TLS: the certificate's key, a PEM file that is not encrypted."),
}
_TEST = {
    "allow_private": _text(
        "Private networks (Test only)",
        "Networks in private space that the Test button may reach, with commas: 10.20.0.0/16. Jobs name their own.",
    )
}
_WSSE = _choice(
    "Login goes as",
    "As a WS-Security UsernameToken (text or digest), or as HTTP Basic.",
    ("username_token", "username_token_digest", "basic", "none"),
)
_AUTH = {
    "auth": _choice(
        "Authentication",
        "basic: login and password · bearer, api_key: the password · oauth2_client_credentials: login and password are "
        "the client's id and secret · hmac: the password is a whsec_ secret, or several with blanks between.",
        ("basic", "bearer", "api_key", "oauth2_client_credentials", "hmac", "none"),
    ),
    "header_name": _text("Header of the API key", "For api_key; X-API-Key where it is empty."),
    "token_url": _text("Token URL", "For OAuth 2: where a token is asked for, over https."),
    "scope": _text("Scope", "For OAuth 2: the vendor's words, with blanks between."),
    "token_auth": _choice(
        "Client secret goes into", "For OAuth 2: HTTP Basic (the standard way), or the body.", ("basic", "body")
    ),
}


def _type(kind: str, noun: str, fields: Mapping[str, Any], ui: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "connection-type": f"hms_{kind.lower()}",
        "hook-class-name": f"{HOOKS}.{kind.capitalize()}Hook",
        "hook-name": f"HMS-SYN {noun}",
        "ui-field-behaviour": ui,
        "conn-fields": fields,
    }


def _behaviour(host: str, placeholder: str, **relabelled: str) -> Mapping[str, Any]:
    return {
        "hidden-fields": ["port", "schema"],
        "relabeling": {"host": host, **relabelled},
        "placeholders": {"host": placeholder},
    }


TYPES: tuple[Mapping[str, Any], ...] = (
    _type(
        "SOAP",
        "SOAP vendor",
        {"wsse": _WSSE, **_CERTIFICATE, **_TEST},
        _behaviour("Address (Test only)", "https://court.example.gov", login="User name"),
    ),
    _type(
        "REST",
        "REST vendor",
        {**_AUTH, **_CERTIFICATE, **_TEST},
        _behaviour("Address (Test only)", "https://payments.example.gov", login="User name or client id"),
    ),
    _type(
        "FHIR",
        "FHIR server",
        {**_AUTH, **_CERTIFICATE, **_TEST},
        _behaviour("Base URL (Test only)", "https://hospital.example.org/fhir", login="User name or client id"),
    ),
    _type(
        "SQL",
        "vendor's database",
        {
            "url": _text(
                "SQLAlchemy URL",
                "Such as oracle+oracledb://db.example.gov/?service_name=court; login and password above go into it.",
                secret=True,
            ),
            **_TEST,
        },
        {"hidden-fields": ["host", "port", "schema"], "relabeling": {"login": "User name"}, "placeholders": {}},
    ),
    _type(
        "SFTP",
        "SFTP server",
        {
            "host_key": _text(
                "Server's public key",
                "In OpenSSH's form, ssh-ed25519 AAAA…; several with commas. A server that shows another gets nothing.",
            ),
            "private_key": _text(
                "Private key",
                "In place of a password: OpenSSH's form, line ends as \\n; the password above is its passphrase.",
                secret=True,
            ),
            **_TEST,
        },
        _behaviour("Address (Test only)", "sftp://files.county.example.gov/drop", login="User name"),
    ),
)
