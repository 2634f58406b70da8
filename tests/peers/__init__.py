"""Vendors that other people's libraries make, so that our own reading of a standard is not all that is tested."""
