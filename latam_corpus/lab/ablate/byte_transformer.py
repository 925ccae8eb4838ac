"""A small transformer language model of bytes, with 4.9 million parameters by default; it needs PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from latam_corpus.errors import ConfigError
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_END: Final = b"\0"
_BYTES: Final = 256
_RATE: Final = 1e-3
_WARM: Final = 0.05  # share of the steps during which the learning rate rises


@dataclass(frozen=True)
class Shape:
    """The size of a model and the length of its training.

    Attributes:
        width: the length of a byte's vector.
        heads: attention heads per layer.
        context: the number of bytes that the model sees.
        batch: sequences of `context` bytes per step.
    """

    width: int = 256
    layers: int = 6
    heads: int = 8
    context: int = 256
    batch: int = 16
    passes: float = 2.0


def train_and_measure(
    texts: Sequence[bytes], held: Sequence[bytes], seed: int, shape: Shape = Shape()
) -> NDArray[np.float64]:
    """Train a model on texts; return the number of bits needed to encode each held-out text, including its end.

    Raises:
        ConfigError: PyTorch isn't installed.
    """
    try:
        import torch
    except ImportError:
        problem = _("PyTorch isn't installed")
        raise ConfigError("--model transformer", problem, "pip install 'latam-corpus[train]'") from None
    torch.manual_seed(seed)
    data = torch.from_numpy(_joined(texts).astype(np.int64))
    model = _model(torch, shape)
    steps = max(1, round(shape.passes * len(data) / (shape.batch * shape.context)))
    optimizer = torch.optim.AdamW(model.parameters(), lr=_RATE, weight_decay=0.1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=steps + 1, pct_start=_WARM)
    generator = torch.Generator().manual_seed(seed)
    length = min(shape.context, len(data) - 1)
    for _step in range(steps):
        starts = torch.randint(len(data) - length, (shape.batch,), generator=generator)
        pieces = torch.stack([data[start : start + length + 1] for start in starts.tolist()])
        loss = torch.nn.functional.cross_entropy(model(pieces[:, :-1]).flatten(0, 1), pieces[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return _bits(torch, model, held, shape)


def _joined(texts: Sequence[bytes]) -> NDArray[np.uint8]:
    return np.frombuffer(_END + b"".join(text.replace(_END, b" ") + _END for text in texts), np.uint8)


def _model(torch: Any, shape: Shape) -> Any:
    layer = torch.nn.TransformerEncoderLayer(
        shape.width, shape.heads, 4 * shape.width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
    )

    class ByteTransformer(torch.nn.Module):  # type: ignore[misc]  # torch is optional
        def __init__(self) -> None:
            super().__init__()
            self.bytes = torch.nn.Embedding(_BYTES, shape.width)
            self.places = torch.nn.Embedding(shape.context, shape.width)
            self.layers = torch.nn.TransformerEncoder(layer, shape.layers, enable_nested_tensor=False)
            self.norm = torch.nn.LayerNorm(shape.width)
            self.next = torch.nn.Linear(shape.width, _BYTES)

        def forward(self, batch: Any) -> Any:
            length = batch.shape[1]
            mask = torch.nn.Transformer.generate_square_subsequent_mask(length)
            vectors = self.bytes(batch) + self.places(torch.arange(length))
            return self.next(self.norm(self.layers(vectors, mask=mask, is_causal=True)))

    return ByteTransformer()


def _bits(torch: Any, model: Any, held: Sequence[bytes], shape: Shape) -> NDArray[np.float64]:
    """Return the bits of each text; at least half a context precedes each byte, if the text has that many bytes."""
    data = torch.from_numpy(_joined(held).astype(np.int64))
    half = shape.context // 2
    bits = np.zeros(len(data) - 1)
    model.eval()
    with torch.no_grad():
        for start in range(0, len(data) - 1, half):
            piece = data[max(0, start - half) : start + half + 1]
            count = min(half, len(data) - 1 - start)
            logits = model(piece[None, :-1])[0, -count:].log_softmax(-1)
            bits[start : start + count] = -logits.gather(1, piece[-count:, None])[:, 0].numpy() / np.log(2)
    return np.add.reduceat(bits, np.cumsum([0, *(len(text) + 1 for text in held[:-1])]))
