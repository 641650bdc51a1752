"""`python -m regolo_git`: the command line with the interpreter at hand."""

from regolo_git.cli.entry import main

if __name__ == "__main__":
    main()
