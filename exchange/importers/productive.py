"""Whether a model has an answer at all, before anything of it is published.

x = d + A x has a cradle to gate for every product exactly when some w > 0 has |A| w < w (docs/method.md, "Admission").
The exchange itself would refuse the footprints, but only after the products were created.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from exchange.errors import InvalidInput, Problem
from exchange.importers.model_files import Model

STEPS_MAX = 2_000  # a gain of 0.999 needs about as many; the exchange itself refuses above 1 - 1e-6
LARGEST = 1e12  # one unit that needs this many of itself has no answer


def check_productive(model: Model) -> None:
    """InvalidInput naming the product that grows fastest, where the model consumes at least what it makes."""
    position = {product.code: index for index, product in enumerate(model.products)}
    rows, columns, sizes = [], [], []
    for consumer, inputs in model.inputs.items():
        for one in inputs:
            rows.append(position[consumer])
            columns.append(position[one.supplier])
            sizes.append(abs(float(one.amount)))
    count = len(position)
    matrix = csr_array((sizes, (rows, columns)), shape=(count, count))
    w = np.ones(count)
    for _ in range(STEPS_MAX):
        needed = np.asarray(matrix @ w)
        if np.all(needed < w):
            return
        w = 1 + needed
        if w.max() > LARGEST:
            break
    culprit = model.products[int(np.argmax(np.asarray(matrix @ w) / w))]
    message = f"{culprit.code} ({culprit.name}) is in a loop of inputs that consumes at least one of itself"
    raise InvalidInput(
        "The model has no answer: a loop of its inputs consumes at least one of itself. Nothing was imported. "
        "Check whether the amounts are dollars per dollar, and whether consumer and supplier are the right way round.",
        problems=[Problem("LOOP", message, ("inputs", culprit.code))],
    )
