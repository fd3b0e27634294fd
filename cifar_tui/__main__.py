"""`python -m cifar_tui` is the same as `cifar-tui`."""

from cifar_tui.cli import main

if __name__ == "__main__":
    main()
