"""Vendors that take and give files of CSV over SFTP."""
