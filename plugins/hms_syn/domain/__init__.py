"""Values and pure rules: no clock, no network, no database."""
