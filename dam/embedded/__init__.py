"""PostgreSQL and Redis as child processes, and the `demo` command that runs everything."""
