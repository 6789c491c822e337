"""Trim a SentencePiece vocabulary to the languages that the model reads, before training.

A multilingual base carries 250,000 pieces; eight languages in Latin script need a fraction. What is dropped is
re-segmented by the unigram model into smaller kept pieces, so no text becomes unreadable.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor

LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïñòóôõöøœùúûüýÿßăâîșțşţőűåøª°º’'`´")
"""Letters of en, de, nl, ro, it, fr, es and pt, both spellings of the Romanian comma letters included."""

TOP_RANKS = 60_000
"""Pieces of this rank or better are kept when they are spelt in our letters, seen in a training text or not."""


def _readable(piece: str) -> bool:
    """Whether every character is one of our letters, or no letter at all (digits, punctuation, symbols, emoji)."""
    return all(c in LETTERS or not unicodedata.category(c).startswith(("L", "M")) for c in piece.casefold())


def same_pieces(tokenizer_json: dict[str, Any], trimmed_json: dict[str, Any]) -> list[int] | None:
    """Return the ids that give a trimmed tokenizer's vocabulary again, ascending; None where the base lacks a piece.

    Models with one vocabulary on one base share the file of the word vectors.
    """
    wanted = {piece for piece, _ in trimmed_json["model"]["vocab"]}
    keep = [number for number, (piece, _) in enumerate(tokenizer_json["model"]["vocab"]) if piece in wanted]
    return keep if len(keep) == len(wanted) else None


def choose_pieces(tokenizer_json: dict[str, Any], texts: Iterable[str]) -> list[int]:
    """Return the ids to keep, ascending: the special ones, single characters, frequent ones, and those that occur."""
    tokenizer = Tokenizer.from_str(json.dumps(tokenizer_json))
    seen: set[int] = set()
    for encoding in tokenizer.encode_batch(list(texts), add_special_tokens=False):
        seen.update(encoding.ids)
    special = {token["id"] for token in tokenizer_json["added_tokens"]}
    vocabulary = tokenizer_json["model"]["vocab"]
    return [
        number
        for number, (piece, _) in enumerate(vocabulary)
        if number in special
        or number in seen
        or (_readable(piece) and (number < TOP_RANKS or len(piece.lstrip("▁")) <= 1))
    ]


def trim_tokenizer(tokenizer_json: dict[str, Any], keep: list[int]) -> dict[str, Any]:
    """Return a tokenizer description with only the pieces `keep`, numbered from 0 in their order."""
    new = {old: number for number, old in enumerate(keep)}
    trimmed: dict[str, Any] = json.loads(json.dumps(tokenizer_json))
    model = trimmed["model"]
    model["vocab"] = [model["vocab"][old] for old in keep]
    model["unk_id"] = new[model["unk_id"]]
    for token in trimmed["added_tokens"]:
        token["id"] = new[token["id"]]
    for token in trimmed["post_processor"].get("special_tokens", {}).values():
        token["ids"] = [new[old] for old in token["ids"]]
    return trimmed


def trim_embeddings(weights: Tensor, keep: list[int]) -> Tensor:
    """Return the rows `keep` of the word embeddings, shape (len(keep), hidden)."""
    return weights[torch.tensor(keep)].clone()
