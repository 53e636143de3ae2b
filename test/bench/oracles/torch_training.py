# The PyTorch side of `npm run bench -- training`: the same tasks as plain eager PyTorch, one thread. Reads one JSON line
# {"task", "batch", "seconds"} at a time and answers {"steps", "seconds"}, so that the caller can alternate engines.
# Must not: be part of roadbed. It is an oracle; the bench runs without it.

import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional

torch.set_num_threads(1)
torch.set_num_interop_threads(1)
torch.manual_seed(1)


class Block(nn.Module):
    """Attention and a dense layer of four times the width, each behind a layer norm and beside a shortcut."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        # Queries, keys and values as one product: the faster way in PyTorch.
        self.qkv = nn.Linear(width, 3 * width)
        self.mix = nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        count, length, width = x.shape
        parts = self.qkv(self.norm1(x)).view(count, length, 3, self.heads, width // self.heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.mix(seen.transpose(1, 2).reshape(count, length, width))
        return x + self.down(functional.gelu(self.up(self.norm2(x)), approximate="tanh"))


class Gpt(nn.Module):
    """The zoo's `gpt`: logits of the next token at every position, as rows."""

    def __init__(self, vocabulary: int, length: int, width: int = 128, layers: int = 4, heads: int = 4) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.positions = nn.Parameter(torch.randn(length, width) * 0.02)
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(layers)))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocabulary, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.norm(self.blocks(self.tokens(x) + self.positions))).flatten(0, 1)


def build(task: str) -> tuple[nn.Module, tuple[int, ...], int]:
    """Model, shape of one sample (channels first, as PyTorch likes it), number of classes."""
    if task == "mlp":
        return nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10)), (784,), 10
    if task == "lenet":
        return (
            nn.Sequential(
                nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
                nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
            ),
            (1, 28, 28),
            10,
        )
    if task == "cnn":
        return (
            nn.Sequential(
                nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                nn.Linear(4096, 64), nn.ReLU(), nn.Linear(64, 10),
            ),
            (3, 32, 32),
            10,
        )
    if task == "gpt":
        return Gpt(65, 64), (64,), 65
    raise ValueError(f"unknown task {task}")


class Task:
    """One model with its optimiser and one mini-batch that is trained again and again."""

    def __init__(self, task: str, batch: int) -> None:
        self.model, shape, classes = build(task)
        if task == "gpt":
            self.optimiser = torch.optim.Adam(self.model.parameters(), lr=0.001)
            self.x = torch.randint(0, classes, (batch, *shape))
            self.y = torch.randint(0, classes, (batch * shape[0],))
        else:
            self.optimiser = torch.optim.SGD(self.model.parameters(), lr=0.01)
            self.x = torch.rand(batch, *shape) - 0.5
            self.y = torch.randint(0, classes, (batch,))
        self.loss = nn.CrossEntropyLoss()

    def step(self) -> None:
        self.optimiser.zero_grad()
        loss = self.loss(self.model(self.x), self.y)
        loss.backward()
        self.optimiser.step()
        loss.item()

    def run(self, seconds: float) -> dict:
        begin = time.perf_counter()
        steps = 0
        while time.perf_counter() - begin < seconds:
            for _ in range(5):
                self.step()
            steps += 5
        return {"steps": steps, "seconds": time.perf_counter() - begin}


def main() -> None:
    print(json.dumps({"version": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
    tasks: dict[tuple[str, int], Task] = {}
    for line in sys.stdin:
        asked = json.loads(line)
        key = (asked["task"], asked["batch"])
        if key not in tasks:
            tasks[key] = Task(*key)
            tasks[key].run(0.2)
        print(json.dumps(tasks[key].run(asked["seconds"])), flush=True)


main()
