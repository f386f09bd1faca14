"""`python -m bridge` is `aibridge`."""

from bridge.cli.app import main

if __name__ == "__main__":
    main()
