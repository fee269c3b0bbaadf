"""How the command ends. docs/sysadmin.md lists these; a test holds the two together."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of `dunghen`."""

    OK = 0
    WRONG = 1  # something unexpected, or the demo's numbers disagree with its truth
    REFUSED = 2  # the command line or the configuration cannot be used
    PEER = 3  # a source or a channel did not work
    NOT_FOUND = 4  # no such dossier, letter, source …
    STORE = 5  # the store cannot be used: too old, too new, unsafe, locked
    INTERRUPTED = 130


class Stop(Exception):
    """Ends the command with this code; `said` goes to stderr."""

    def __init__(self, code: Exit, said: str = "") -> None:
        super().__init__(said)
        self.code = code
        self.said = said
