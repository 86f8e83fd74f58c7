"""Hashes as the systems make them that people come from: by Werkzeug, Django and passlib themselves.

Flask-Security's are passlib's over what `get_hmac` of its utils.py gives, with the salt in the answer.

In: {"passwords": [...], "defaults": bool}. Out: [{"format", "password", "hash"}, ...]. Without "defaults" each is made
with as little work as its maker takes, so that many can be verified in a short time.
"""

import base64
import hashlib
import hmac
import json
import secrets
import sys
import unicodedata

import bcrypt
import django.conf
from django.contrib.auth import hashers
from passlib.hash import bcrypt as passlib_bcrypt
from passlib.hash import bcrypt_sha256, pbkdf2_sha1, pbkdf2_sha256, pbkdf2_sha512, phpass
from werkzeug.security import generate_password_hash

HASHERS = ["PBKDF2PasswordHasher", "PBKDF2SHA1PasswordHasher", "BCryptSHA256PasswordHasher", "BCryptPasswordHasher"]
django.conf.settings.configure(PASSWORD_HASHERS=[f"django.contrib.auth.hashers.{name}" for name in HASHERS])

ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def salt_text():
    return "".join(secrets.choice(ALPHABET) for _ in range(16))


def django_pbkdf2(algorithm, rounds):
    hasher = hashers.get_hasher(algorithm)
    return lambda password: hasher.encode(password, hasher.salt(), rounds)


def django_bcrypt(algorithm, rounds):
    hasher = hashers.get_hasher(algorithm)
    return lambda password: hasher.encode(password, bcrypt.gensalt(rounds))


def scrypt(password, salt, n, r, p):
    """Both makers that have it call hashlib's, with 64 bytes. Debian's versions are from before they had it."""
    return hashlib.scrypt(password.encode(), salt=salt.encode(), n=n, r=r, p=p, maxmem=2**27, dklen=64)


def werkzeug_scrypt(n):
    def make(password):
        salt = salt_text()
        return f"scrypt:{n}:8:1${salt}${scrypt(password, salt, n, 8, 1).hex()}"

    return make


def django_scrypt(n, p):
    def make(password):
        salt = salt_text()
        key = base64.b64encode(scrypt(password, salt, n, 8, p)).decode()
        return f"scrypt${n}${salt}$8${p}${key}"

    return make


SECURITY_PASSWORD_SALT = "146585145368132386173505678016728509634 – 소금"


def flask_security(scheme):
    """Since 4.0: `PasswordUtil.normalize`, `get_hmac`, then passlib."""

    def make(password):
        normal = unicodedata.normalize("NFKD", password)
        digest = hmac.new(SECURITY_PASSWORD_SALT.encode(), normal.encode(), hashlib.sha512).digest()
        return scheme.hash(base64.b64encode(digest).decode("ascii"))

    return make


def makers(defaults):
    few = None if defaults else 1000
    cost = 12 if defaults else 4
    n = 2**15 if defaults else 2**10

    def werkzeug(digest):
        method = f"pbkdf2:{digest}" if defaults else f"pbkdf2:{digest}:1000"
        return lambda password: generate_password_hash(password, method)

    def passlib(scheme):
        return (scheme if defaults else scheme.using(rounds=1000)).hash

    return {
        "werkzeug scrypt": werkzeug_scrypt(n),
        "werkzeug pbkdf2 sha1": werkzeug("sha1"),
        "werkzeug pbkdf2 sha256": werkzeug("sha256"),
        "werkzeug pbkdf2 sha512": werkzeug("sha512"),
        "django pbkdf2_sha1": django_pbkdf2("pbkdf2_sha1", few),
        "django pbkdf2_sha256": django_pbkdf2("pbkdf2_sha256", few),
        "django scrypt": django_scrypt(2**14 if defaults else n, 5 if defaults else 2),
        "django bcrypt": django_bcrypt("bcrypt", cost),
        "django bcrypt_sha256": django_bcrypt("bcrypt_sha256", cost),
        "passlib pbkdf2": passlib(pbkdf2_sha1),
        "passlib pbkdf2-sha256": passlib(pbkdf2_sha256),
        "passlib pbkdf2-sha512": passlib(pbkdf2_sha512),
        "passlib bcrypt-sha256": bcrypt_sha256.using(rounds=cost).hash,
        **({} if defaults else {"passlib bcrypt-sha256, before 1.7.3": bcrypt_sha256.using(rounds=cost, version=1).hash}),
        "phpass": phpass.using(rounds=19 if defaults else 8).hash,
        "flask-security bcrypt": flask_security(passlib_bcrypt.using(rounds=cost)),
        "flask-security passlib pbkdf2-sha512": flask_security(pbkdf2_sha512 if defaults else pbkdf2_sha512.using(rounds=1000)),
    }


def salted(name):
    return {"salt": SECURITY_PASSWORD_SALT} if name.startswith("flask-security") else {}


asked = json.load(sys.stdin.buffer)
made = [
    {"format": name.split(",")[0], "password": password, "hash": make(password), **salted(name)}
    for name, make in makers(asked["defaults"]).items()
    for password in asked["passwords"]
]
json.dump(made, sys.stdout, ensure_ascii=False)
