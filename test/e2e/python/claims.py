"""Verifies tokens with PyJWT and the published keys: {jwks_uri, token, typ, algorithm, issuer, audience} in, claims out."""

import json
import sys

import jwt

given = json.load(sys.stdin)
token = given["token"]
key = jwt.PyJWKClient(given["jwks_uri"]).get_signing_key_from_jwt(token).key
header = jwt.get_unverified_header(token)
assert header["typ"] == given["typ"], header
claims = jwt.decode(
    token, key, algorithms=[given["algorithm"]], issuer=given["issuer"], audience=given["audience"]
)
json.dump(claims, sys.stdout)
