"""Physics-informed network: a small network, physics scores and what a bearing must show."""
