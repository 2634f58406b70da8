"""Adapters that break one promise each, made from one that keeps them all."""
