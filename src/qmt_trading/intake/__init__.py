"""The doors: each carries messages in and receipts out, and knows nothing of what they say."""
