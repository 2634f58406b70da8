"""Vendors with a WSDL."""
