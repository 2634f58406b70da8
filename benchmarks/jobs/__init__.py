"""What a thousand jobs cost Airflow, and the people who write them."""
