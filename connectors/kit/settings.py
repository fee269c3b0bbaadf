"""Keys that every `[[sources]]` table has. A kind adds its own by subclassing."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from monitor.domain.dossier import Precision

# seconds; written in TOML as "90s", "5m", "1h", "2d" (monitor.settings_file knows a length of time by this mark)
Duration = Annotated[int, "seconds"]


class Strict(BaseModel):
    """A table of the configuration: unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceSettings(Strict):
    """`every` and `stale_after` are seconds; `timezone` is what an instant without a zone means."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")
    kind: str
    role: Literal["one_stop", "portal"]
    every: Duration = 300
    full_every: Duration = 86_400
    full_at: str = Field(default="02:00", pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$")  # local hour of a daily full sweep
    lookups_per_pull: int = Field(
        default=5000, ge=0
    )  # dossiers asked for by code in one reading, nearest promise first
    stale_after: Duration = 3600
    overlap: Duration = 900
    lateness: Precision = Precision.DATE
    timezone: str = "Asia/Ho_Chi_Minh"
    expect_drop_below: float = 0.5  # a full sweep with fewer rows than this share of the last one is not believed
    missing_after: int = 3  # full sweeps without a dossier before it is said to be missing
    allow_hosts: tuple[str, ...] = ()  # besides the host of `url`: where a redirect may lead


class HttpSourceSettings(SourceSettings):
    """Keys of every source that is read over HTTP.

    A redirect is followed only within the host of `url` or to one of `allow_hosts` ("host" or "host:port"), and
    those are trusted with the credentials. `connect_timeout`, `timeout` (between two packets) and `longest_answer`
    (one whole answer) are seconds.
    """

    url: str
    verify_tls: bool | str = True  # a path names the CA file; false must be written out, per source
    proxy: str = ""  # proxies of the environment are not used
    connect_timeout: Duration = 10
    timeout: Duration = 60
    longest_answer: Duration = 300
    tries: int = Field(default=3, ge=1, le=10)
    calls_per_minute: int = Field(default=600, ge=1)  # never more often
    concurrency: int = Field(default=1, ge=1, le=8)  # calls under way at once
    page_size: int = Field(default=200, ge=1, le=10_000)
    max_pages: int = Field(default=20_000, ge=1)
    max_bytes: int = Field(default=50_000_000, ge=1)  # of one answer, unpacked

    def peers(self) -> tuple[str, ...]:
        """The addresses this source is asked at: nothing else is, whatever an answer says."""
        return (self.url,)


__all__ = ["Duration", "HttpSourceSettings", "SecretStr", "SourceSettings", "Strict"]
