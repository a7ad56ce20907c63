"""Dialects of other people's APIs: they parse, call the apps, and format. Nothing imports them but `dam.urls`."""
