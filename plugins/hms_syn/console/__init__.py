"""What an officer sees: pages in Airflow's frame, and the JSON they are made of, both under ``/hms-syn``."""
