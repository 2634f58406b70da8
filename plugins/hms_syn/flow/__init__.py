"""The product in plain words: publish, push, pull. No Airflow, no SQL, no vendor's dialect in here."""
