"""Fills a new database with users, as the application's own registration would have over the years."""

import json
import sqlite3
import sys

import bcrypt

given = json.load(sys.stdin)
# To hash for each user would take an hour. Early costs were lower.
hashes = [bcrypt.hashpw(text.encode(), bcrypt.gensalt(cost)) for text, cost in given["passwords"]]

with sqlite3.connect(given["database"]) as database:
    database.execute(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(120) UNIQUE NOT NULL, hashed_password BLOB, name TEXT)"
    )
    database.executemany(
        "INSERT INTO users VALUES (?, ?, ?, ?)",
        [(id, email, hashes[i % len(hashes)], f"이름 {i}") for i, (id, email) in enumerate(given["people"])],
    )

json.dump([text.decode() for text in hashes], sys.stdout)
