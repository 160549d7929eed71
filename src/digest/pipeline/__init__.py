"""The use cases. They own transactions, take values, and get callables for what lies above."""
