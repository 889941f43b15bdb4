"""PASETO tokens by another implementation: a list of tasks in JSON on stdin, a list of answers on stdout."""

import json
import sys

import pyseto
from pyseto import Key


def perform(task):
    key = Key.new(version=4, purpose="local", key=bytes.fromhex(task["key"]))
    assertion = task["assertion"].encode()
    if task["do"] == "mint":
        token = pyseto.encode(key, task["payload"].encode(), task["footer"].encode(), assertion)
        return {"token": token.decode()}
    try:
        opened = pyseto.decode(key, task["token"], assertion)
    except (pyseto.DecryptError, pyseto.VerifyError, ValueError) as refused:
        return {"refused": str(refused)}
    return {"payload": opened.payload.decode(), "footer": opened.footer.decode()}


json.dump([perform(task) for task in json.load(sys.stdin)], sys.stdout)
