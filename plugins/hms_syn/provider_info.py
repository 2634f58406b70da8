"""What Airflow's provider manager reads: our tables, commands, settings and connection types."""

from __future__ import annotations

from typing import Any

from hms_syn import __version__, settings


def get_provider_info() -> dict[str, Any]:
    """Return the provider's description; imported by every Airflow process, so it stays light."""
    return {
        "package-name": "hms-syn",
        "name": "HMS-SYN",
        "description": "The External System Synchronizer: durable push and pull between a bus and its vendors.",
        "versions": [__version__],
        "db-managers": ["hms_syn.db_manager.HmsSynDBManager"],
        "cli": ["hms_syn.cli.airflow_face.get_provider_cli_commands"],
        "config": {
            "hms_syn": {
                "description": "Settings of the External System Synchronizer.",
                "options": {
                    name: {
                        "description": option.meaning,
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": None,
                        "default": option.default,
                    }
                    for name, option in settings.OPTIONS.items()
                },
            }
        },
        "connection-types": [
            {
                "connection-type": "hms_soap",
                "hook-class-name": "hms_syn.hooks.vendor.VendorHook",
                "hook-name": "HMS-SYN SOAP vendor",
                "ui-field-behaviour": {
                    "hidden-fields": ["host", "port", "schema"],
                    "relabeling": {"login": "User name"},
                },
                "conn-fields": {
                    "wsse": {
                        "label": "Login goes as",
                        "description": "As a WS-Security UsernameToken (text or digest), or as HTTP Basic.",
                        "schema": {
                            "type": ["string", "null"],
                            "enum": ["username_token", "username_token_digest", "basic", "none"],
                            "default": "username_token",
                        },
                    },
                },
            }
        ],
    }
