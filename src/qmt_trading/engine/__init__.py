"""The judgement: events in, outputs out, nothing else. Deterministic; holds no clock, no disk, no thread."""
