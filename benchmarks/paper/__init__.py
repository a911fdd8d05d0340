"""Tables and figures of the Local-Global paper beside ours: `python -m benchmarks.paper --list`.

The paper has a GPU and pictures of which we know the number alone. Ours are signals of --data, or
what is shipped, at a fraction of the size: with `scale` 2 a picture has half the edges, and all
that the paper fixes per sample stays as it is there: samples of a partition, weights per sample,
frame coordinates per sample. Hidden widths of a network that sees the whole signal shrink with the
edge, since weights go with their square; local widths stay.

The last matters: were coordinates to run from -1 to 1 in a small picture too, the first sines would
be faster by the scale, which helps a SIREN most. On two of the pictures at scale 4, 500 steps, one
seed, that gave SPP 27.2 and 33.4 dB, LGS 28.5 and 35.3, SIREN 30.8 and 37.4.
"""
