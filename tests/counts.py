"""How many examples a property gets: few in `make test`, full counts in `make proof`."""

import os

PROOF = os.environ.get("DUNGHEN_PROOF") == "1"
MOST = int(os.environ.get("DUNGHEN_PROOF_MOST") or 0)  # for a proof that must end tonight; 0: the full counts


def proof_examples(in_test: int, in_proof: int) -> int:
    """`in_test` ordinarily, `in_proof` when DUNGHEN_PROOF=1, but no more than DUNGHEN_PROOF_MOST where it is set."""
    if not PROOF:
        return in_test
    return min(in_proof, MOST) if MOST else in_proof
