"""One script per question: `python -m benchmarks.NAME [--quick] [--data DIR]`."""
