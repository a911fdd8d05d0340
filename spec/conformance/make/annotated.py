"""A file explained byte by byte: the appendix of the specification is what this makes."""
