"""What every table shares."""

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, Date, LargeBinary, MetaData
from sqlalchemy.orm import DeclarativeBase

from monitor.store.types import Instant


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: Instant,
        date: Date,
        dict[str, Any]: JSON,
        bytes: LargeBinary,
    }
