"""One module for each kind of storage: it opens the files of a store from the parts of its address.

Each imports its library at the top, and is itself imported only for a store of its kind.
"""
