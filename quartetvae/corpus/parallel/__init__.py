"""A function on many files: in processes of this machine or on a cluster, shard by shard, none of them twice."""
