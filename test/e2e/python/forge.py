"""Forged tokens by the name of the attack, each made from a good one so that only one thing is wrong with it."""

import base64
import hashlib
import hmac
import json
import sys
import time

import jwt

given = json.load(sys.stdin.buffer)
token, key = given["token"], given["key"]
claims = jwt.decode(token, key, "HS256")
header, payload, signature = token.split(".")
now = int(time.time())
rsa = given["rsa"]
public_jwk = {name: rsa[name] for name in ("kty", "n", "e")}

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(unsigned, with_key=key, digest=hashlib.sha256):
    with_key = with_key if isinstance(with_key, bytes) else with_key.encode()
    return unsigned + "." + b64(hmac.new(with_key, unsigned.encode(), digest).digest())


def by_hand(payload, header={"alg": "HS256", "typ": "JWT"}, **how):
    """Signed with the right key, whatever the payload is: a JSON value or ready text."""
    text = payload if isinstance(payload, str) else json.dumps(payload)
    return signed(b64(json.dumps(header).encode()) + "." + b64(text.encode()), **how)


def rs256(payload, header):
    """A good signature by the forger's own key (RFC 8017 section 8.2.1)."""
    unsigned = b64(json.dumps(header).encode()) + "." + b64(json.dumps(payload).encode())
    n, d = (int.from_bytes(base64.urlsafe_b64decode(rsa[name] + "=="), "big") for name in "nd")
    digest = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(unsigned.encode()).digest()
    padded = b"\0\1".ljust(255 - len(digest), b"\xff") + b"\0" + digest
    return unsigned + "." + b64(pow(int.from_bytes(padded, "big"), d, n).to_bytes(256, "big"))


def altered(without=(), **changes):
    """Signed by PyJWT with the right key, with other claims."""
    kept = {name: value for name, value in {**claims, **changes}.items() if name not in without}
    return jwt.encode(kept, key, "HS256")


def flipped(bit):
    """The last character carries four bits of the signature (32 to 4) and two that mean nothing (2 and 1)."""
    return token[:-1] + ALPHABET[ALPHABET.index(token[-1]) ^ bit]


json.dump(
    {
        "good": {
            "as it was signed": token,
            "signed again by PyJWT": jwt.encode(claims, key, "HS256"),
            "signed again by hand": by_hand(claims),
        },
        "forged": {
            "HS512 with the same key": jwt.encode(claims, key, "HS512"),
            "HS384 with the same key": jwt.encode(claims, key, "HS384"),
            "HS512 that says HS256": by_hand(claims, digest=hashlib.sha512),
            "HS256 that says HS512": by_hand(claims, {"alg": "HS512", "typ": "JWT"}),
            "another key": jwt.encode(claims, "x" * 43, "HS256"),
            "an empty key": by_hand(claims, with_key=b""),
            "alg none": jwt.encode(claims, None, "none"),
            "alg none with the good signature": b64(b'{"alg":"none","typ":"JWT"}') + f".{payload}.{signature}",
            "alg NonE, signed": by_hand(claims, {"alg": "NonE", "typ": "JWT"}),
            "no alg": by_hand(claims, {"typ": "JWT"}),
            "RS256 with a key of its own in the header": rs256(claims, {"alg": "RS256", "typ": "JWT", "jwk": public_jwk}),
            "RS256 with a key of its own": rs256(claims, {"alg": "RS256", "typ": "JWT"}),
            "RS256 that is an HMAC": by_hand(claims, {"alg": "RS256", "typ": "JWT"}),
            "HS256 with a public key as the secret": by_hand(claims, with_key=given["public_pem"]),
            "an extension that must be understood": jwt.encode(claims, key, "HS256", {"crit": ["x"], "x": 1}),
            "a kid that is nobody's": jwt.encode(claims, key, "HS256", {"kid": "nobody"}),
            "a kid that is a path": jwt.encode(claims, key, "HS256", {"kid": "../../dev/null"}),
            "no exp": altered(without=["exp"]),
            "expired": altered(iat=now - 86_401, auth_time=now - 86_401, exp=now - 1),
            "exp as text": altered(exp=str(now + 3600)),
            "exp as null": by_hand({**claims, "exp": None}),
            "exp beyond all numbers": by_hand(json.dumps(claims).replace(str(claims["exp"]), "1e999")),
            "not valid yet": altered(nbf=now + 3600),
            "signed in the future": altered(iat=now + 3600),
            "another issuer": altered(iss="https://issuer.example"),
            "for another audience": altered(aud="somebody else"),
            "user_id as text": altered(user_id=str(claims["user_id"])),
            "user_id of another": altered(user_id=claims["user_id"] + 1),
            "no user_id": altered(without=["user_id"]),
            "no session": altered(without=["sid"]),
            "only what Flask signs": jwt.encode({"user_id": claims["user_id"], "exp": claims["exp"]}, key, "HS256"),
            "payload in an array": by_hand([claims]),
            "payload null": by_hand(None),
            "payload a number": by_hand(1),
            "payload a text": by_hand(json.dumps("admin")),
            "payload not JSON": by_hand("{"),
            "payload empty": by_hand(""),
            "a claim twice": by_hand('{"user_id":999,' + json.dumps(claims)[1:]),
            "padded": token + "=",
            "padded inside, signed": signed(header + "=." + payload + "="),
            "last character, a bit without meaning": flipped(1),
            "last character, a bit with meaning": flipped(4),
            "claims of one, signature of another": f"{header}.{b64(json.dumps({**claims, 'roles': ['admin']}).encode())}.{signature}",
            "no signature": f"{header}.{payload}.",
            "two parts": f"{header}.{payload}",
            "five parts": f"{token}.{payload}.{signature}",
            "not a token": "not-a-token",
            "dots alone": "..",
            "12 kB of it": by_hand({**claims, "filler": "x" * 9_000}),
        },
    },
    sys.stdout,
)
