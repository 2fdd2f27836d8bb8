"""`python -m kspec` is `kspec`."""

from kspec.cli.main import main

if __name__ == "__main__":
    main()
