"""`python -m monitor` is the command `dunghen`, also from a bare checkout."""

from monitor.cli.app import main

if __name__ == "__main__":
    main()
