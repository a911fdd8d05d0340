"""The command `lgi`."""
