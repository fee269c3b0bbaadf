"""Keys of an OpenCPS one-stop (connectors.md §1)."""

from typing import Literal

from pydantic import Field, SecretStr

from connectors.kit.settings import HttpSourceSettings
from monitor.domain.dossier import Status


class OpencpsSettings(HttpSourceSettings):
    """`url` is the site, without `/o/rest/v2`. `group_id` is the Liferay site; without the right one OpenCPS answers
    an empty list and no error."""

    kind: Literal["opencps"]
    group_id: int
    username: str
    password: SecretStr
    api_path: str = "/o/rest/v2"
    agency: str = ""  # "all" lifts the scope that an officer's account silently has
    expect_rows: int = Field(default=1, ge=0)  # fewer rows than this in all is the guest's view, not a fact (§1.2)
    page_overlap: int = Field(default=5, ge=0, le=100)  # rows two pages share, to notice a list that shifts
    status_map: dict[str, Status] = Field(default_factory=dict)  # this site's own states, laid over §1.6
