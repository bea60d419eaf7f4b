"""The machine itself: one row an operation on the lists of open lots. One room a subject; `table` joins them."""
