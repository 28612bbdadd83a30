"""Controls made from the schema: nothing about a setting is written here a second time."""
