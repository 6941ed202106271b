"""What is shipped: that it installs where there is no index and no Node, and serves its pages."""
