"""bw2calc on the numbers of a matrix: what the exchange's figures stand beside. It needs nothing of the exchange."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Final

import numpy as np

EMISSION: Final = 2_000_000_000  # an id of bw2calc's biosphere; products are counted from 0


def brightway(matrix: Any, direct: Any, asked: int = 0) -> dict[str, Callable[[], object]] | None:
    """bw2calc on the same numbers; None where it is not installed. `asked`: the one product asked about."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that another solver could be installed as well
        try:
            import bw2calc
            import bw_processing
        except ImportError:
            return None
    entries, size = matrix.tocoo(), len(direct)
    package = bw_processing.create_datapackage()
    indices = bw_processing.INDICES_DTYPE

    def add(name: str, pairs: list[tuple[int, int]], data: Any, **more: Any) -> None:
        package.add_persistent_vector(
            matrix=name, indices_array=np.array(pairs, dtype=indices), data_array=np.array(data), **more
        )

    pairs = list(zip(entries.col.tolist(), entries.row.tolist(), strict=True))
    add("technosphere_matrix", [(key, key) for key in range(size)], np.ones(size))
    flip = np.ones(len(pairs), dtype=bool)
    add("technosphere_matrix", pairs, entries.data, flip_array=flip, sum_intra_duplicates=True)
    add("biosphere_matrix", [(EMISSION, key) for key in range(size)], direct)
    add("characterization_matrix", [(EMISSION, 0)], np.ones(1))

    def one() -> object:
        lca = bw2calc.LCA({asked: 1}, data_objs=[package])
        lca.lci()
        lca.lcia()
        return lca.score

    def all_of_them() -> object:
        lca = bw2calc.LCA({0: 1}, data_objs=[package])
        lca.lci(factorize=True)
        lca.lcia()
        scores = []
        for key in range(size):
            lca.lcia({key: 1})
            scores.append(lca.score)
        return scores

    return {"bw2calc one": one, "bw2calc all": all_of_them}
