"""The replay of recorded messages: the engine as it runs live, over the market of a history."""
