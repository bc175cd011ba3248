"""Items: which item draws which block, one a block, and one for all blocks of a folded group."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from app.canvas.block_item import BlockItem
from app.canvas.stack_item import StackItem


class Items:
    """The items of a scene's blocks. Going through it gives each item once."""

    def __init__(self) -> None:
        self._blocks: dict[str, BlockItem] = {}
        self._stacks: dict[str, StackItem] = {}
        self._home: dict[str, str] = {}
        """The folded group of a block."""

    def __getitem__(self, block_id: str) -> BlockItem:
        name = self._home.get(block_id)
        return self._blocks[block_id] if name is None else self._stacks[name]

    def get(self, block_id: str) -> BlockItem | None:
        """Return what draws a block; None if there is none of that id."""
        name = self._home.get(block_id)
        return self._blocks.get(block_id) if name is None else self._stacks[name]

    def __contains__(self, block_id: str) -> bool:
        return block_id in self._blocks or block_id in self._home

    def __iter__(self) -> Iterator[BlockItem]:
        return chain(self._blocks.values(), self._stacks.values())

    def __bool__(self) -> bool:
        return bool(self._blocks or self._stacks)

    def ids(self) -> Iterator[str]:
        """Return the ids of all blocks that are drawn."""
        return chain(self._blocks, self._home)

    @property
    def stacks(self) -> dict[str, StackItem]:
        """The items of folded groups, by the groups' names; to be read only."""
        return self._stacks

    @property
    def home(self) -> dict[str, str]:
        """The group's name of each block that is drawn in a stack; to be read only."""
        return self._home

    def put(self, item: BlockItem) -> None:
        """Let an item draw the block that it names."""
        self._blocks[item.block_id] = item

    def put_stack(self, item: StackItem) -> None:
        """Let an item draw a folded group, which has no members yet."""
        self._stacks[item.name] = item

    def join(self, block_id: str, name: str) -> StackItem:
        """Let a folded group's item draw a block too; return it."""
        stack = self._stacks[name]
        self._home[block_id] = name
        stack.add_member(block_id)
        return stack

    def drop(self, block_id: str) -> BlockItem | None:
        """Let nobody draw a block; return the item that is of no use any more."""
        name = self._home.pop(block_id, None)
        if name is None:
            return self._blocks.pop(block_id)
        stack = self._stacks[name]
        stack.remove_member(block_id)
        return None if stack.members else self._stacks.pop(name)

    def rename(self, old: str, new: str) -> None:
        """Let what draws a block draw it under another id."""
        name = self._home.pop(old, None)
        if name is None:
            item = self._blocks.pop(old)
            item.block_id = new
            self._blocks[new] = item
        else:
            self._home[new] = name
            self._stacks[name].rename_member(old, new)
