"""Recovery: what became of changes whose answer was lost, and the journal that remembers them."""
