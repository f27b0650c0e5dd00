"""`python -m tuning`: the command line."""

from tuning.cli.main import main

if __name__ == "__main__":
    main()
