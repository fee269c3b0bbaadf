"""Any JSON API, described in the settings: no code."""
