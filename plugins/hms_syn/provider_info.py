"""What Airflow's provider manager reads: our tables, commands, settings and connection types."""

from __future__ import annotations

from typing import Any

from hms_syn import __version__, settings
from hms_syn.hooks import connection_types


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
        "connection-types": [dict(connection_type) for connection_type in connection_types.TYPES],
    }
