"""While a graph is loaded, the process looks for cycles less often; afterwards as often as before."""

from __future__ import annotations

import gc

import pytest

from exchange.operations.following.taking_over import COLLECT_AFTER, _fewer_collections


def test_the_threshold_is_what_it_was_when_loading_ends() -> None:
    usual = gc.get_threshold()
    with _fewer_collections():
        assert gc.get_threshold() == (COLLECT_AFTER, *usual[1:])
    assert gc.get_threshold() == usual
    with pytest.raises(OSError), _fewer_collections():
        raise OSError
    assert gc.get_threshold() == usual


def test_of_several_loads_the_last_to_end_puts_it_back() -> None:
    usual = gc.get_threshold()
    first, second = _fewer_collections(), _fewer_collections()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert gc.get_threshold()[0] == COLLECT_AFTER
    second.__exit__(None, None, None)
    assert gc.get_threshold() == usual
