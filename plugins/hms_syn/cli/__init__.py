"""What a person types: one table of commands, with two faces, ``hms-syn`` and ``airflow hms-syn``."""
