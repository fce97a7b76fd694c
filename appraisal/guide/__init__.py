"""The guide: what people do with the portal, task by task and in both languages; its text is docs/guide."""
