"""Keys of an OpenCPS one-stop (connectors.md §1)."""

from typing import Literal

from pydantic import SecretStr

from connectors.kit.settings import HttpSourceSettings


class OpencpsSettings(HttpSourceSettings):
    """`group_id` is the Liferay site; without it OpenCPS answers an empty list and no error."""

    kind: Literal["opencps"]
    group_id: int
    username: str
    password: SecretStr
    expect_rows: int = 1  # fewer rows than this in a full sweep is the guest's view, not a fact (§1.2)
