"""A client of the Flask tutorial: it logs in with requests, keeps the token, and acts with it bare in the header."""

import json
import sys

try:
    import requests
except ImportError:
    from pip._vendor import requests  # the same, as Debian's pip brings it along

given = json.load(sys.stdin.buffer)
url, credentials = given["url"], {"email": given["email"], "password": given["password"]}

if "type" in given or given.get("mark"):
    body = json.dumps(credentials).encode("utf-8-sig" if given.get("mark") else "utf-8")
    headers = {"Content-Type": given.get("type", "application/json")}
    response = requests.post(url + "/user/login", data=body, headers=headers)
else:
    response = requests.post(url + "/user/login", json=credentials)
response.raise_for_status()
token = response.json()["access_token"]

acted = requests.post(url + "/action", headers={"Authorization": token})
json.dump({"token": token, "status": acted.status_code, "user_id": acted.json()["user_id"]}, sys.stdout)
