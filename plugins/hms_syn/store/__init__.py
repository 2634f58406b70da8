"""Our tables: the queue, the bus, the audit trail. PostgreSQL and SQLite, through SQLAlchemy Core."""
