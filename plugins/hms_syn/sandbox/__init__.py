"""Pretend vendors: small honest servers that keep what they received and can be told to misbehave."""
