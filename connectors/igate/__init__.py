"""VNPT iGate 2.0: Keycloak token, Spring pages, ISO dates (connectors.md §4)."""
