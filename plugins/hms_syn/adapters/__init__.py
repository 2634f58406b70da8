"""The vendors' dialects, one module each, and the guarded way out they share."""
