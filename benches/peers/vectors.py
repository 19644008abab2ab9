"""The vector index beside other engines: the same vectors, the same questions, alternating rounds.

    python -m venv venv && venv/bin/pip install -r benches/peers/requirements.txt
    venv/bin/python benches/peers/minilm.py target/bench-vectors
    cargo bench -p benches --bench vectors -- --minilm target/bench-vectors/minilm.f32 \
        [--dim 1536] [--count N] --prepare target/bench-vectors/1536
    venv/bin/python benches/peers/vectors.py target/bench-vectors/1536 \
        --bench target/.../release/deps/vectors-HASH

One thread, one question at a time, M = 16, efConstruction = 200 for all. For each engine and filter
the narrowest width that reaches the recall is taken, then all engines answer in turn, ROUNDS times;
the table shows medians and the median ratio inside a round. hnswlib and faiss are called from
Python one question at a time, which costs them about 3 us each; qdrant-edge's requests are built
before the clock starts. "1.5% alike" is one agent that talks about one thing. Memory is what a
process holds besides mapped files, which the system can take back: the product and qdrant-edge keep
exact vectors in such files, hnswlib and faiss in memory.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

K = 10
EFS = [10, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512]
FILTERS = [("none", None), ("0.1%", 4), ("1%", 5), ("1.5% alike", 3), ("10%", 2), ("50%", 1)]


class Data:
    def __init__(self, folder: Path):
        self.folder = folder
        self.labels = np.fromfile(folder / "labels.u8", dtype=np.uint8)
        self.base = np.fromfile(folder / "base.f32", dtype="<f4").reshape(len(self.labels), -1)
        self.dim = self.base.shape[1]
        self.queries = np.fromfile(folder / "queries.f32", dtype="<f4").reshape(-1, self.dim)
        truth = np.fromfile(folder / "truth.u32", dtype="<u4")
        self.truth = truth.reshape(len(FILTERS), len(self.queries), K)


def resident_mib() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    return 0.0


class Engine:
    """An engine in this process; subclasses make the index and answer one question."""

    def __init__(self, data: Data):
        self.data = data

    def build(self):
        before, start = resident_mib(), time.perf_counter()
        self.make()
        return time.perf_counter() - start, resident_mib() - before

    def save(self):
        """Leaves what `open_ms` opens."""

    def sweep(self, filter_no: int, ef: int):
        answer = self.asker(filter_no, ef)
        times, hits, wanted = [], 0, 0
        for n in range(len(self.data.queries)):
            start = time.perf_counter()
            found = answer(n)
            times.append(time.perf_counter() - start)
            truth = {int(t) for t in self.data.truth[filter_no][n] if t != 0xFFFFFFFF}
            wanted += len(truth)
            hits += len(truth.intersection(self.ids(found)))
        total = sum(times)
        return hits / wanted, len(times) / total, statistics.median(times) * 1e6


class Hnswlib(Engine):
    name = "hnswlib f32"

    def make(self):
        import hnswlib

        self.index = hnswlib.Index(space="ip", dim=self.data.dim)
        self.index.init_index(max_elements=len(self.data.base), M=16, ef_construction=200)
        self.index.set_num_threads(1)
        self.index.add_items(self.data.base, num_threads=1)

    def asker(self, filter_no, ef):
        self.index.set_ef(ef)
        if FILTERS[filter_no][1] is not None:
            return None  # its filter is a Python call for every row
        return lambda n: self.index.knn_query(self.data.queries[n], k=K, num_threads=1)

    def ids(self, found):
        return [int(i) for i in found[0][0]]

    def sweep(self, filter_no, ef):
        return super().sweep(filter_no, ef) if self.asker(filter_no, ef) else None


class Faiss(Engine):
    name = "faiss HNSW f32"

    def make(self):
        import faiss

        faiss.omp_set_num_threads(1)
        self.faiss = faiss
        self.index = faiss.IndexHNSWFlat(self.data.dim, 16, faiss.METRIC_INNER_PRODUCT)
        self.index.hnsw.efConstruction = 200
        self.index.add(self.data.base)

    def asker(self, filter_no, ef):
        label = FILTERS[filter_no][1]
        chosen = None
        if label is not None:
            rows = np.nonzero(self.data.labels == label)[0].astype("int64")
            self.rows = rows
            chosen = self.faiss.IDSelectorBatch(rows)
        params = self.faiss.SearchParametersHNSW(efSearch=ef, sel=chosen)
        return lambda n: self.index.search(self.data.queries[n : n + 1], K, params=params)

    def ids(self, found):
        return [int(i) for i in found[1][0]]


class Qdrant(Engine):
    name = "qdrant-edge SQ8"

    def make(self):
        import qdrant_edge as q

        self.q = q
        self.folder = tempfile.mkdtemp(prefix="qdrant-edge-")
        hnsw = q.HnswIndexConfig(m=16, ef_construct=200, full_scan_threshold=1, max_indexing_threads=1)
        sq8 = q.ScalarQuantizationConfig(type=q.ScalarType.Int8, always_ram=True)
        params = q.EdgeVectorParams(size=self.data.dim, distance=q.Distance.Dot)
        optimizers = q.EdgeOptimizersConfig(default_segment_number=1, indexing_threshold=1000)
        config = q.EdgeConfig(
            vectors=params, hnsw_config=hnsw, quantization_config=sq8, optimizers=optimizers,
            max_search_threads=1,
        )
        self.shard = q.EdgeShard.create(self.folder, config)
        index = q.UpdateOperation.create_field_index("label", q.PayloadSchemaType.Integer)
        self.shard.update(index)
        for first in range(0, len(self.data.base), 1000):
            points = [
                q.Point(n, self.data.base[n].tolist(), {"label": int(self.data.labels[n])})
                for n in range(first, min(first + 1000, len(self.data.base)))
            ]
            self.shard.update(q.UpdateOperation.upsert_points(points))
        self.shard.optimize()

    def asker(self, filter_no, ef):
        q, label = self.q, FILTERS[filter_no][1]
        chosen = None
        if label is not None:
            chosen = q.Filter(must=[q.FieldCondition(key="label", match=q.MatchValue(label))])
        params = q.SearchParams(
            hnsw_ef=ef, quantization=q.QuantizationSearchParams(rescore=True, oversampling=2.0)
        )
        requests = [
            q.QueryRequest(limit=K, query=q.Query.Nearest(row.tolist()), filter=chosen, params=params)
            for row in self.data.queries
        ]
        return lambda n: self.shard.query(requests[n])

    def ids(self, found):
        return [point.id for point in found]

    def save(self):
        self.shard.flush()
        self.shard.close()

    def open_ms(self):
        start = time.perf_counter()
        self.shard = self.q.EdgeShard.load(self.folder)
        self.asker_once()
        took = (time.perf_counter() - start) * 1e3
        self.shard.close()
        return took

    def asker_once(self):
        q = self.q
        nearest = q.Query.Nearest(self.data.queries[0].tolist())
        self.shard.query(q.QueryRequest(limit=K, query=nearest))

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Ours:
    """The product, in a process of its own."""

    name = "ai-infra"

    def __init__(self, data: Data, bench: str):
        command = [bench, "--pipe", str(data.folder)]
        self.child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def ask(self, command: str):
        self.child.stdin.write(command + "\n")
        self.child.stdin.flush()
        line = self.child.stdout.readline()
        if not line:
            sys.exit("the bench has ended; see its error above")
        return tuple(float(word) for word in line.split())

    def build(self):
        return self.ask("build")

    def sweep(self, filter_no, ef):
        return self.ask(f"sweep {filter_no} {ef}")

    def save(self):
        return self.ask("save")[0]

    def open_ms(self):
        return self.ask("open")[0]


def width_for(engine, filter_no, goal):
    best = 0.0
    for ef in EFS:
        swept = engine.sweep(filter_no, ef)
        if swept is None:
            return None, 0.0
        best = max(best, swept[0])
        if swept[0] >= goal:
            return ef, swept[0]
    return None, best


def compare(engines, filter_no, goal, rounds):
    name = FILTERS[filter_no][0]
    widths = {engine.name: width_for(engine, filter_no, goal) for engine in engines}
    runs = {engine.name: [] for engine in engines}
    for _ in range(rounds):
        for engine in engines:
            if widths[engine.name][0]:
                runs[engine.name].append(engine.sweep(filter_no, widths[engine.name][0]))
    ours = runs[engines[0].name]
    for engine in engines:
        width, best = widths[engine.name]
        if not width:
            if best:
                print(f"{name:<11} @{goal} {engine.name:<16} never ({best:.3f})", flush=True)
            continue
        rows = runs[engine.name]
        recall, qps, p50 = (statistics.median(row[i] for row in rows) for i in range(3))
        # By the middle question: a mean would count the neighbours on a shared machine.
        ratio = statistics.median(row[2] / own[2] for row, own in zip(rows, ours)) if ours else 0.0
        print(
            f"{name:<11} @{goal} {engine.name:<16} ef {width:<4} recall {recall:.4f} "
            f"qps {qps:8.0f}  p50 {p50:8.1f} us  ours is {ratio:5.2f}x",
            flush=True,
        )


def opens(engines, rounds):
    """Lets those that keep an index on disk open it in turn, and answer once."""
    keepers = [engine for engine in engines if hasattr(engine, "open_ms")]
    for engine in keepers:
        engine.save()
    runs = [[engine.open_ms() for engine in keepers] for _ in range(rounds)]
    for n, engine in enumerate(keepers):
        took = statistics.median(run[n] for run in runs)
        ratio = statistics.median(run[0] / run[n] for run in runs)
        print(f"{engine.name:<16} open and first search {took:8.1f} ms, ours is {ratio:.3f}x of that")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--bench", required=True, help="the built bench `vectors`")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=["qdrant", "hnswlib", "faiss"])
    parser.add_argument("--filters", nargs="*", type=int, default=list(range(len(FILTERS))))
    options = parser.parse_args()
    data = Data(options.folder)
    peers = {"qdrant": Qdrant, "hnswlib": Hnswlib, "faiss": Faiss}
    engines = [Ours(data, options.bench)] + [peers[name](data) for name in options.only]
    print(f"{len(data.base)} vectors of {data.dim} dimensions, {len(data.queries)} questions")
    held = {}
    for engine in engines:
        seconds, held[engine.name], *inserts = engine.build()
        line = f"{engine.name:<16} built in {seconds:6.1f} s, {held[engine.name]:6.0f} MiB held"
        if inserts:
            line += f", searchable after insert p50 {inserts[0]:.1f} us, p99 {inserts[1]:.1f} us"
        print(line, flush=True)
    for name, mib in held.items():
        if mib > 0:
            print(f"memory of ours over {name}: {held[engines[0].name] / mib:.2f}")
    for filter_no in options.filters:
        for goal in (0.95, 0.99):
            compare(engines, filter_no, goal, options.rounds)
    opens(engines, options.rounds)
    each, before, after = engines[0].ask("aging")
    print(f"delete {each:.2f} us, recall {before:.4f}, after a fifth was deleted {after:.4f}")
    for engine in engines:
        if hasattr(engine, "remove"):
            engine.remove()


if __name__ == "__main__":
    main()
