"""The command line: words, tables, progress and exit codes. One small file per command."""
