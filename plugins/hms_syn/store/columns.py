"""Columns and indexes of one kind, for all tables."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, text

Id = BigInteger().with_variant(Integer, "sqlite")
ZERO = text("0")


def from_zero(name: str) -> Column[int]:
    """Return a column of whole numbers that begins with 0."""
    return Column(name, BigInteger, nullable=False, server_default=ZERO)


def partial(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """Return an index of the rows that a condition holds for."""
    return Index(name, *columns, unique=unique, postgresql_where=text(where), sqlite_where=text(where))
