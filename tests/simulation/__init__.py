"""The real flow and the real store, with a clock, a vendor and a fate that a schedule decides."""
