"""Tokens: how clients prove who they are, and how they are recognised.

client_secrets.py  secrets, shown once and kept as slow hashes
attempts.py        how many attempts may fail
signing.py         keys, and tokens signed with them
issuer.py          the four together, as a server uses them
"""

from exchange.tokens.client_secrets import hash_secret, make_secret
from exchange.tokens.issuer import Issuer
from exchange.tokens.signing import Token

__all__ = ["Issuer", "Token", "hash_secret", "make_secret"]
