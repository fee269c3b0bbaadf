"""A read-only view in a system's own database, through SQLAlchemy."""
