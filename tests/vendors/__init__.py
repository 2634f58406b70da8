"""The vendors of our own adapters, as the conformance suite wants them described."""
