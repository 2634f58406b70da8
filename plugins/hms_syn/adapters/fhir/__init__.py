"""Hospitals with a FHIR R4 server."""
