"""The channels: one file each, named as the channel; the contract suite finds them."""
