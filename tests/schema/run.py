#!/usr/bin/env python3
"""schemathesis against a real node: whatever is sent, no answer is a 5xx or another than the document says.

    tests/schema/run.py [--seconds N] [--seed N]

Three runs: every operation by itself on a board that is there, sequences of operations, and signing out. Ends with
a line like cargo's, which tests/run adds up: one for each operation of each run.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.request
import xml.etree.ElementTree

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
EASEL = os.environ.get("TEST_EASEL", ROOT / "target/debug/easel")
SCHEMATHESIS = os.environ.get("TEST_SCHEMATHESIS", ROOT / ".tools/venv/bin/schemathesis")
EMAIL, PASSWORD = "ada@example.org", "four unrelated plain words"

# An event stream has no end.
NEVER = ["stream_open", "me_stream"]
# What would take the board or the session away from the operations beside it.
NOT_BESIDE = ["boards_trash", "boards_transfer", "members_remove", "boards_archive", "auth_logout"]

# A creation repeated under the same Idempotency-Key is answered as the first time, even when what it made was deleted
# since; generated keys are short, so two sequences come upon the same one. Deleting a board puts it into the trash, where
# its owner still sees it.
NOT_CHECKED = ["ensure_resource_availability", "use_after_free"]


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--seconds", type=int, default=60)
    options.add_argument("--seed", type=int, default=1)
    options = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        node, address = start(folder)
        try:
            results = [run(folder, address, options, *one) for one in runs(address, options)]
        finally:
            node.terminate()
            node.wait()
    passed, failed = (sum(one) for one in zip(*results))
    print(f"test result: {'FAILED' if failed else 'ok'}. {passed} passed; {failed} failed")
    return 1 if failed or not passed else 0


def start(folder):
    """A node with one account, and where it answers."""
    secret = folder / "password"
    secret.write_text(PASSWORD)
    env = {name: value for name, value in os.environ.items() if not name.startswith("EASEL_")}
    env |= {"EASEL_LISTEN__OPS": "127.0.0.1:0"}
    for key, value in QUICK.items():
        env[key] = value
    data = folder / "data"
    init = [EASEL, "init", "--data-dir", data, "--admin-email", EMAIL, "--admin-password-file", secret]
    subprocess.run(init, env=env, check=True, stdout=subprocess.DEVNULL)
    log = open(folder / "log", "w")
    serve = [EASEL, "serve", "--data-dir", data, "--listen", "127.0.0.1:0"]
    node = subprocess.Popen(serve, env=env, stdout=subprocess.PIPE, stderr=log, text=True)
    for line in node.stdout:
        if "http://" in line:
            address = line.split("http://")[1].split("/")[0].split()[0]
            return node, address
    sys.exit(f"the node did not start:\n{(folder / 'log').read_text()}")


# Nothing here is about how fast one may ask.
POLICIES = ["AUTH", "AUTH_ACCOUNT", "API", "WRITE", "UPLOAD", "WS_CONNECT", "CLIENT_ERRORS"]
QUICK = {f"EASEL_RATE_LIMITS__{name}": "0" for name in POLICIES}


def ask(address, path, body, token=None):
    request = urllib.request.Request(f"http://{address}/api/v1{path}", json.dumps(body).encode())
    request.add_header("content-type", "application/json")
    if token:
        request.add_header("authorization", f"Bearer {token}")
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def runs(address, options):
    token = ask(address, "/auth/login", {"email": EMAIL, "password": PASSWORD})["access_token"]
    board = ask(address, "/boards", {"title": "Plan"}, token)["id"]
    signed_in = ["--header", f"Authorization: Bearer {token}"]
    half = str(max(options.seconds // 2, 1))
    yield (
        "operations",
        ["--phases", "examples,coverage,fuzzing", "--max-time", half, *signed_in, *without(NEVER + NOT_BESIDE)],
        {"path.board": board},
    )
    yield "sequences", ["--phases", "stateful", "--max-time", half, *signed_in, *without([*NEVER, "auth_logout"])], {}
    yield "sign-out", ["--phases", "coverage", "--include-operation-id", "auth_logout"], {}


def without(ids):
    return [part for one in ids for part in ("--exclude-operation-id", one)]


def run(folder, address, options, name, args, parameters):
    print(f"\n== {name}", flush=True)
    config = folder / f"{name}.toml"
    known = "".join(f'"{key}" = "{value}"\n' for key, value in parameters.items())
    config.write_text(f"[parameters]\n{known}\n" + (HERE / "schemathesis.toml").read_text())
    report = folder / f"{name}.xml"
    # One worker: hypothesis reads Python in each, and in Python 3.11 `ast.parse` fails now and then when two threads do.
    command = [
        SCHEMATHESIS, "--config-file", config, "run", f"http://{address}/api/v1/openapi.json",
        "--url", f"http://{address}/api/v1", "--checks", "all", "--exclude-checks", ",".join(NOT_CHECKED), "--seed", str(options.seed), "--workers", "1",
        "--request-timeout", "30", "--generation-database", "none", "--no-color", "--warnings", "off",
        "--report", "junit", "--report-junit-path", report, *args,
    ]
    began = time.monotonic()
    ended = subprocess.run(command, cwd=folder)
    suites = xml.etree.ElementTree.parse(report).getroot().iter("testsuite")
    tests, failed = 0, 0
    for suite in suites:
        tests += int(suite.get("tests", 0))
        failed += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
    if ended.returncode != 0 and failed == 0:
        failed = 1
    print(f"{name}: {tests - failed} passed, {failed} failed, {time.monotonic() - began:.0f} s", flush=True)
    return tests - failed, failed


if __name__ == "__main__":
    sys.exit(main())
