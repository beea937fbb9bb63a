"""The steps of publishing, in their order: the gate, the terms, the form, the card, and the way to the Hub."""
