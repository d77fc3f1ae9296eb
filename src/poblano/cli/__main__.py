"""``python -m poblano.cli``: the command line, where the program ``poblano`` is not at hand."""

from poblano.cli.main import main

if __name__ == "__main__":
    main()
