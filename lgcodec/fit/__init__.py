"""Signal + partitions + family -> weights. The only layer beside `nets` that knows torch."""
