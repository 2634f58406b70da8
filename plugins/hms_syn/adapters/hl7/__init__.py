"""Interface engines of hospitals, which speak HL7 v2 over MLLP."""
