"""The store's contract: one suite of guarantees that every database runs (`test_contract.py` has a line for each)."""

from __future__ import annotations

from tests.store.contract_alliances import AlliancesContract
from tests.store.contract_audit import AuditContract
from tests.store.contract_away import AwayContract
from tests.store.contract_benchmarks import BenchmarksContract
from tests.store.contract_columns import ColumnsContract
from tests.store.contract_ledger import LedgerContract
from tests.store.contract_reading import ReadingContract
from tests.store.contract_writing import WritingContract


class StoreContract(
    WritingContract,
    ReadingContract,
    AlliancesContract,
    BenchmarksContract,
    ColumnsContract,
    LedgerContract,
    AuditContract,
    AwayContract,
):
    """Everything the store guarantees. `backend` names the database (conftest.py)."""

    backend: str
