"""TD.DichVuCongApi, the one-stop of Thanh Hoá: token and tenant, month-first dates beside ISO (connectors.md §5)."""
