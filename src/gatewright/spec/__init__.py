"""What the standards say about gateways: rules, grammar and checks, as values and pure functions without I/O."""
