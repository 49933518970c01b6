"""The pages *Spend* and *Reports*: what days have cost, and what was reported of them."""
