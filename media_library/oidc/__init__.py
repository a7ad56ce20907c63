"""Signing in by OpenID Connect: the provider says who somebody is, the library what they may see.

`provider` asks the provider, `flow` goes there and back, `accounts` knows whose identity it is, `groups` gives roles.
"""
