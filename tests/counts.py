"""How many examples a property gets: few in `make test`, full counts in `make proof`."""

import os

PROOF = os.environ.get("DUNGHEN_PROOF") == "1"


def proof_examples(in_test: int, in_proof: int) -> int:
    """`in_test` ordinarily, `in_proof` when DUNGHEN_PROOF=1."""
    return in_proof if PROOF else in_test
