"""Inputs that nobody thought of, for everything that reads what strangers send: `make fuzz`.

    decoders.py        what a message may do to its decoder, and the messages to begin with
    json_mutations.py  makes other messages of them
    guided.py          runs a decoder under atheris, which keeps what reaches new code
    unguided.py        runs a decoder under hypothesis, where atheris has no wheel
    blindly.py         changes inputs blindly, where what is watched runs in further processes
    pdf_mutations.py   makes other PDFs of good, broken and hostile ones
    extraction.py      reads them with one extractor, which must outlive them all
    pictures.py        makes broken pictures and reads them with one recogniser, likewise
    findings.py        where inputs that broke something are kept

Nothing here is a test: pytest runs a little of it from tests/unit/tools/test_fuzz_findings.py.
"""
