"""The MCP server: what assistants may ask of a library."""
