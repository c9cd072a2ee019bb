"""A tiny model in USEEIO's format: power needs coal, coal needs power (docs/method.md has the same two)."""

from pathlib import Path

HEADER = "code,name,location,unit,direct_kgco2e_per_usd,published_total_kgco2e_per_usd\n"
INPUTS_HEADER = "consumer,supplier,amount_usd_per_usd\n"
# (0.85 + 0.4 · 0.05) / (1 - 0.4 · 0.06) and (0.05 + 0.06 · 0.85) / (1 - 0.024)
POWER_AND_COAL = HEADER + (
    "P,Power,US,USD2012,0.85,0.8913934426229508\nC,Coal,US-WY,USD2012,0.05,0.10348360655737705\n"
)
POWER_AND_COAL_INPUTS = INPUTS_HEADER + "P,C,0.4\nC,P,0.06\n"


def write_model(folder: Path, *, products: str = POWER_AND_COAL, inputs: str = POWER_AND_COAL_INPUTS) -> Path:
    """The two files in a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "products.csv").write_text(products, encoding="utf-8", newline="")
    (folder / "inputs.csv").write_text(inputs, encoding="utf-8", newline="")
    return folder
