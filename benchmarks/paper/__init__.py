"""Tables and figures of the Local-Global paper beside ours: `python -m benchmarks.paper --list`.

The paper has a GPU and pictures of which we know the number alone. Ours are signals of --data, or
what is shipped, at a fraction of the size: with `scale` 2 a picture has half the edges, and all
that the paper fixes per sample stays as it is there: samples of a partition, weights per sample,
frame coordinates per sample. Hidden widths of a network that sees the whole signal shrink with the
edge, since weights go with their square; local widths stay.
"""
