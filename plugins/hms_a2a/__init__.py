"""The agencies' bus."""
