"""One file per command, imported when it is asked for. `kspec.cli.main.COMMANDS` lists them."""
