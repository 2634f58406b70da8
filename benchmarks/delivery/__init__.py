"""Handing over to a SOAP vendor, beside other ways to do it."""
