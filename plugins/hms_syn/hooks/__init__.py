"""The store and the vendors as Airflow sees them: through Connections."""
