#!/usr/bin/env python3
"""Does the memory find what was said? Evidence recall over conversations, through the product's API.

    run.py FOLDER --program target/release/ai-infra     a fresh server for each conversation
    run.py FOLDER --socket /run/.../api.sock            a running server; everything of one person

FOLDER holds conversations in the form of LoCoMo (snap-research/locomo, CC BY-NC 4.0, not part of
this repository): `*.json` with `session_N` (a list of `{speaker, dia_id, text, blip_caption?}`),
`session_N_date_time` and `qa` (a list of `{question, evidence, category}`). Every turn is stored as
one memory with its session's date, its speaker and its session as conversation; then each question
of the categories 1-4 is asked. recall@k is the mean over questions of the part of the evidence among
the first k; MRR is that of the first evidence among the first 100; the time is that of a search with
ten hits, by the client's clock. The evidence is never sent.
"""

import argparse
import datetime
import glob
import http.client
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time

DEPTHS = (5, 10, 25, 50)


class Api(http.client.HTTPConnection):
    """HTTP over the server's own socket, opened with the key beside it."""

    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self.path)

    def post(self, path, body):
        with open(os.path.join(os.path.dirname(self.path), "people.key"), encoding="utf-8") as key:
            headers = {"Authorization": "Bearer " + key.read().strip()}
        headers["Content-Type"] = "application/json"
        self.request("POST", path, json.dumps(body).encode(), headers)
        answer = self.getresponse()
        data = answer.read()
        if answer.status >= 300:
            sys.exit(f"{path}: {answer.status} {data.decode()}")
        return json.loads(data)


def moment(text):
    """'1:56 pm on 8 May, 2023' as RFC 3339; None for another form."""
    found = re.fullmatch(r"(\d+):(\d+) ([ap]m) on (\d+) (\w+), (\d+)", text or "")
    if not found:
        return None
    when = datetime.datetime.strptime(text, "%I:%M %p on %d %B, %Y")
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def read(path, captions):
    with open(path, encoding="utf-8") as file:
        talk = json.load(file)
    turns = []
    for n in range(1, 100):
        for turn in talk.get(f"session_{n}") or []:
            text = turn["text"]
            if captions and turn.get("blip_caption"):
                text += f" [photo: {turn['blip_caption']}]"
            item = {"text": text, "kind": "said", "author": turn["speaker"]}
            item["conversation"] = f"{os.path.basename(path)} session {n}"
            said = moment(talk.get(f"session_{n}_date_time"))
            if said:
                item["created_at"] = said
            turns.append((turn["dia_id"], item))
    known = {name for name, _ in turns}
    asked = []
    for qa in talk["qa"]:
        evidence = {name for name in qa.get("evidence", []) if name in known}
        if qa["category"] in (1, 2, 3, 4) and evidence:
            asked.append((qa["question"], evidence))
    return turns, asked


def store(api, turns):
    names, size = {}, 500
    began = time.perf_counter()
    for at in range(0, len(turns), size):
        part = turns[at : at + size]
        ids = api.post("/api/memory", {"items": [item for _, item in part]})["ids"]
        names.update(zip(ids, (name for name, _ in part)))
    api.post("/api/memory/search", {"query": "begin"})
    return names, time.perf_counter() - began


def ask(api, names, asked, totals):
    for question, evidence in asked:
        began = time.perf_counter()
        api.post("/api/memory/search", {"query": question})
        totals["ms"].append((time.perf_counter() - began) * 1000)
        hits = api.post("/api/memory/search", {"query": question, "limit": 100})["results"]
        found = [names.get(hit["id"]) for hit in hits]
        ranks = [found.index(name) for name in evidence if name in found]
        for depth in DEPTHS:
            totals[depth].append(sum(rank < depth for rank in ranks) / len(evidence))
        totals["mrr"].append(1 / (1 + min(ranks)) if ranks else 0.0)


def row(name, totals):
    cells = [f"{statistics.mean(totals[depth]):.3f}" for depth in DEPTHS]
    cells.append(f"{statistics.mean(totals['mrr']):.3f}")
    slow = sorted(totals["ms"])
    cells.append(f"{slow[len(slow) // 2]:.1f} / {slow[int(len(slow) * 0.95)]:.1f}")
    print(f"| {name} | {len(slow)} | " + " | ".join(cells) + " |", flush=True)


def fresh():
    return {key: [] for key in (*DEPTHS, "mrr", "ms")}


class Server:
    """A server of its own in an empty data directory."""

    def __init__(self, program):
        self.folder = tempfile.TemporaryDirectory(prefix="ai-infra-recall-")
        self.socket = os.path.join(self.folder.name, "api.sock")
        command = [program, "serve", "--data", os.path.join(self.folder.name, "data")]
        command += ["--listen", "127.0.0.1:0", "--agents", "none"]
        env = {"PATH": os.environ["PATH"], "HOME": self.folder.name}
        env["XDG_RUNTIME_DIR"] = self.folder.name
        self.log = open(os.path.join(self.folder.name, "log"), "wb")
        self.process = subprocess.Popen(command, env=env, stdout=self.log, stderr=self.log)

    def api(self):
        for _ in range(300):
            found = glob.glob(os.path.join(self.folder.name, "**", "api.sock"), recursive=True)
            if found:
                return Api(found[0])
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        with open(self.log.name, encoding="utf-8") as log:
            sys.exit("the server did not start:\n" + log.read())

    def stop(self):
        self.process.terminate()
        self.process.wait(60)
        self.log.close()
        self.folder.cleanup()


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("folder")
    options.add_argument("--program")
    options.add_argument("--socket")
    options.add_argument("--no-captions", action="store_true")
    given = options.parse_args()
    if bool(given.program) == bool(given.socket):
        options.error("give --program or --socket")
    files = sorted(glob.glob(os.path.join(given.folder, "*.json")))
    talks = [(path, *read(path, not given.no_captions)) for path in files]
    print("| conversation | questions | " + " | ".join(f"@{k}" for k in DEPTHS) + " | MRR | ms p50 / p95 |")
    print("|---" * (len(DEPTHS) + 4) + "|")
    together = fresh()
    if given.socket:
        api = Api(given.socket)
        kept = [store(api, turns)[0] for _, turns, _ in talks]
    for n, (path, turns, asked) in enumerate(talks):
        totals, server = fresh(), None
        if given.program:
            server = Server(given.program)
            api = server.api()
            names, _ = store(api, turns)
        else:
            names = kept[n]
        ask(api, names, asked, totals)
        row(os.path.basename(path), totals)
        for key, values in totals.items():
            together[key] += values
        if server:
            api.close()
            server.stop()
    row("together", together)


if __name__ == "__main__":
    main()
