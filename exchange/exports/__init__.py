"""The graph for other tools and for eyes: GraphML, node-link JSON, and drawings as SVG."""
