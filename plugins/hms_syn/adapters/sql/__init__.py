"""Vendors that are a database."""
