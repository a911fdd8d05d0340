"""Makes the files of the conformance suite: `python -m spec.conformance.make`.

    networks    one small network per family and arrangement: a new family is one entry there
    codings     quantisers and coders, and chunks of drawn numbers, by integer arithmetic alone
    valid       files that a reader must accept
    places      where every part of a file lies
    exact       what they decode to, in binary64 and straight from the pages of the specification
    crops       selections, and the bytes that a crop must give
    recover     damaged files, what is lost of them and the bytes that a repair must give
    defects     files that a reader must refuse, one defect each
    annotated   a file explained byte by byte, for the appendix of the specification
    manifest    all of it, as manifest.json lists it

Everything follows from constants and seeds, so that two runs give the same bytes on every machine.
"""
