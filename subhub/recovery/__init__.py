"""Recovery: changes whose answer was lost, and the journal that remembers them."""
