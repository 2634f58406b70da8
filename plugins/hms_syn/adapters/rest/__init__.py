"""Vendors with JSON over HTTP."""
